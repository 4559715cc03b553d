namespace LabNet.Web.Api;

/// <summary>JSON arrays as bytes, that nobody takes apart.</summary>
internal static class JsonLists
{
    /// <summary>One array of what is in several.</summary>
    public static ReadOnlyMemory<byte> Join(IEnumerable<ReadOnlyMemory<byte>> lists)
    {
        using var joined = new MemoryStream();
        joined.WriteByte((byte)'[');
        foreach (var list in lists)
        {
            var inner = list.Span.Trim(" \r\n\t"u8)[1..^1].Trim(" \r\n\t"u8);
            if (inner.IsEmpty)
            {
                continue;
            }

            if (joined.Length > 1)
            {
                joined.Write(", "u8);
            }

            joined.Write(inner);
        }

        joined.WriteByte((byte)']');
        return joined.ToArray();
    }
}

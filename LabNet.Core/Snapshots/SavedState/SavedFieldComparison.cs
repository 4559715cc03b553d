namespace LabNet.Core.Snapshots;

/// <summary>Walks two sections side by side and notes what differs.</summary>
internal sealed class SavedFieldComparison
{
    /// <summary>A longer array of bytes is a buffer, whatever QEMU calls it.</summary>
    private const int ByteArrayMax = 16;

    private const int BytesShown = 32;

    private readonly List<SavedChange> _changes = [];
    private string _section = "";
    private VcpuRegisters? _registers;

    public IReadOnlyList<SavedChange> Changes => _changes;

    public long NotListed { get; private set; }

    /// <summary>Joins what has the same name; of those that have it more than once, the first with the first.</summary>
    public static IReadOnlyList<(T? Before, T? After)> Pair<T>(IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> nameOf)
        where T : class
    {
        var waiting = after.GroupBy(nameOf, StringComparer.Ordinal).ToDictionary(group => group.Key, group => new Queue<T>(group), StringComparer.Ordinal);
        List<(T?, T?)> pairs = [];
        foreach (var item in before)
        {
            pairs.Add((item, waiting.TryGetValue(nameOf(item), out var queue) && queue.TryDequeue(out var other) ? other : null));
        }

        var left = waiting.Values.SelectMany(queue => queue).ToHashSet<object>(ReferenceEqualityComparer.Instance);
        pairs.AddRange(after.Where(left.Contains).Select(item => ((T?)null, (T?)item)));
        return pairs;
    }

    public void Compare(SavedSection before, SavedSection after)
    {
        if (before.Bytes.Span.SequenceEqual(after.Bytes.Span))
        {
            return;
        }

        _section = before.Title;
        _registers = VcpuRegisters.Of(before);
        if (before.Fields is { } fields && after.Fields is { } others)
        {
            CompareFields("", fields, others);
        }
        else
        {
            CompareBytes("", before.Bytes.Span, after.Bytes.Span);
        }
    }

    private void CompareFields(string path, SavedFields before, SavedFields after)
    {
        foreach (var (first, second) in Pair(before.Fields, after.Fields, field => field.Name))
        {
            CompareValues(path.Length == 0 ? (first ?? second)!.Name : $"{path}.{(first ?? second)!.Name}", first?.Value, second?.Value);
        }
    }

    private void CompareValues(string path, SavedValue? before, SavedValue? after)
    {
        switch (before, after)
        {
            case (SavedFields fields, SavedFields others):
                CompareFields(path, fields, others);
                break;
            case (SavedNumbers numbers, SavedNumbers others) when numbers.Width == others.Width && !IsBuffer(numbers) && !IsBuffer(others):
                CompareNumbers(path, numbers, others);
                break;
            case ({ } value, { } other):
                CompareBytes(path, BytesOf(value), BytesOf(other));
                break;
            default:
                Add(path, path, before is null ? null : TextOf(before), after is null ? null : TextOf(after));
                break;
        }
    }

    private void CompareNumbers(string path, SavedNumbers before, SavedNumbers after)
    {
        for (var i = 0; i < Math.Max(before.Count, after.Count); i++)
        {
            if (i >= before.Count || i >= after.Count || before[i] != after[i])
            {
                var element = before.IsArray || after.IsArray ? $"{path}[{i}]" : path;
                Add(element, element, i < before.Count ? before.TextOf(i) : null, i < after.Count ? after.TextOf(i) : null);
            }
        }
    }

    private void CompareBytes(string path, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        var first = before.CommonPrefixLength(after);
        if (first == before.Length && first == after.Length)
        {
            return;
        }

        if (before.Length != after.Length)
        {
            Add(path, path, $"{before.Length} bytes", $"{after.Length} bytes");
            return;
        }

        var last = before.Length - 1;
        while (before[last] == after[last])
        {
            last--;
        }

        Add(first == last ? $"{path}[0x{first:x}]" : $"{path}[0x{first:x}..0x{last:x}]", path, Shown(before[first..(last + 1)]), Shown(after[first..(last + 1)]));
    }

    private void Add(string path, string field, string? before, string? after)
    {
        if (_changes.Count == SavedMachineDifference.ChangesMax)
        {
            NotListed++;
            return;
        }

        _changes.Add(new SavedChange(_section, path, _registers?.NameOf(field), before, after));
    }

    private static bool IsBuffer(SavedNumbers numbers) => numbers is { Width: 1, IsArray: true, Count: > ByteArrayMax };

    private static ReadOnlySpan<byte> BytesOf(SavedValue value) => value switch
    {
        SavedNumbers numbers => numbers.Bytes.Span,
        SavedBytes bytes => bytes.Bytes.Span,
        SavedFields fields => WholeOf(fields),
        _ => [],
    };

    /// <summary>Where one side could be taken apart and the other could not.</summary>
    private static byte[] WholeOf(SavedFields fields)
    {
        List<byte> all = [];
        foreach (var field in fields.Fields)
        {
            all.AddRange(BytesOf(field.Value));
        }

        return [.. all];
    }

    private static string TextOf(SavedValue value) => value switch
    {
        SavedNumbers { IsArray: false } number => number.TextOf(0),
        SavedNumbers { Count: <= ByteArrayMax } numbers => string.Join(' ', Enumerable.Range(0, numbers.Count).Select(numbers.TextOf)),
        SavedFields fields => $"{fields.Fields.Count} fields",
        _ => Shown(BytesOf(value)),
    };

    private static string Shown(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= BytesShown ? Convert.ToHexStringLower(bytes) : $"{Convert.ToHexStringLower(bytes[..BytesShown])}… ({bytes.Length} bytes)";
}

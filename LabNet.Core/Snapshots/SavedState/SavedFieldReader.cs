using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LabNet.Core.Snapshots;

/// <summary>Takes one section apart as its description says. What does not fit it stays bytes, as low in the tree as it can be.</summary>
internal sealed partial class SavedFieldReader
{
    /// <summary>A section has some thousands; a description that claims more wants to fill our memory.</summary>
    private const int FieldsMax = 200_000;

    private const byte SubsectionMark = 5;
    private const int SubsectionHeadBytes = 1 + 1 + sizeof(uint);

    private int _fields;

    private SavedFieldReader()
    {
    }

    /// <summary>How long a section with this description is, bytes; null if it does not say.</summary>
    public static long? LengthOf(JsonElement description)
    {
        long length = 0;
        foreach (var field in SavedDescription.ItemsOf(description, "fields"))
        {
            if (SavedDescription.NumberOf(field, "size") is not (>= 0 and <= int.MaxValue and var size)
                || (SavedDescription.NumberOf(field, "array_len") ?? 1) is not (>= 0 and <= int.MaxValue and var count))
            {
                return null;
            }

            length += size * count;
            if (length is < 0 or > int.MaxValue)
            {
                return null;
            }
        }

        foreach (var subsection in SavedDescription.ItemsOf(description, "subsections"))
        {
            if (LengthOf(subsection) is not { } inner)
            {
                return null;
            }

            length += SubsectionHeadBytes + Encoding.UTF8.GetByteCount(SavedDescription.TextOf(subsection, "vmsd_name")) + inner;
        }

        return length;
    }

    /// <returns>Null if the bytes do not fit the description.</returns>
    public static SavedFields? Read(JsonElement description, ReadOnlyMemory<byte> bytes) =>
        new SavedFieldReader().ReadAll(description, bytes);

    private SavedFields? ReadAll(JsonElement description, ReadOnlyMemory<byte> bytes) =>
        ReadFrom(description, ref bytes) is { } fields && bytes.IsEmpty ? fields : null;

    /// <param name="bytes">What is left of them afterwards.</param>
    private SavedFields? ReadFrom(JsonElement description, ref ReadOnlyMemory<byte> bytes)
    {
        List<SavedField> fields = [];
        foreach (var field in SavedDescription.ItemsOf(description, "fields"))
        {
            if (!AddField(fields, field, ref bytes))
            {
                return null;
            }
        }

        foreach (var subsection in SavedDescription.ItemsOf(description, "subsections"))
        {
            var name = SavedDescription.TextOf(subsection, "vmsd_name");
            if (!TakeSubsectionHead(name, ref bytes) || ++_fields > FieldsMax || ReadFrom(subsection, ref bytes) is not { } inner)
            {
                return null;
            }

            fields.Add(new SavedField(name, inner));
        }

        return new SavedFields(fields);
    }

    private bool AddField(List<SavedField> fields, JsonElement field, ref ReadOnlyMemory<byte> bytes)
    {
        var size = SavedDescription.NumberOf(field, "size") ?? -1;
        var count = SavedDescription.NumberOf(field, "array_len");
        if (size < 0 || count < 0 || size > bytes.Length || (size > 0 && (count ?? 1) > bytes.Length / size))
        {
            return false;
        }

        var name = SavedDescription.TextOf(field, "name");
        if (SavedDescription.NumberOf(field, "index") is { } index)
        {
            name += $"[{index}]";
        }

        // An element without bytes tells nothing, however many there are.
        if (size == 0)
        {
            return true;
        }

        var inner = InnerOf(field);
        var all = bytes[..(int)(size * (count ?? 1))];
        bytes = bytes[all.Length..];
        if (inner is null)
        {
            fields.Add(new SavedField(name, ValueOf(SavedDescription.TextOf(field, "type"), all, (int)size, count is not null)));
            return ++_fields <= FieldsMax;
        }

        for (var i = 0; i < (count ?? 1); i++)
        {
            if (++_fields > FieldsMax)
            {
                return false;
            }

            var element = all.Slice(i * (int)size, (int)size);
            SavedValue value = ReadAll(inner.Value, element) is { } known ? known : new SavedBytes(element);
            fields.Add(new SavedField(count is null ? name : $"{name}[{i}]", value));
        }

        return true;
    }

    /// <summary>A structure's description; some types (<c>tmp</c>) have it in the field itself.</summary>
    private static JsonElement? InnerOf(JsonElement field) =>
        field.TryGetProperty("struct", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner
        : field.EnumerateObject().Count(property => property.Name == "fields") == 1 ? field
        : null;

    private static SavedValue ValueOf(string type, ReadOnlyMemory<byte> bytes, int size, bool isArray) =>
        size is 1 or 2 or 4 or 8 && !type.Contains("buffer", StringComparison.Ordinal)
            ? new SavedNumbers(bytes, size, SignedType().IsMatch(type), isArray)
            : new SavedBytes(bytes);

    private static bool TakeSubsectionHead(string name, ref ReadOnlyMemory<byte> bytes)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var head = bytes.Span;
        if (head.Length < SubsectionHeadBytes + text.Length || head[0] != SubsectionMark || head[1] != text.Length || !head.Slice(2, text.Length).SequenceEqual(text))
        {
            return false;
        }

        bytes = bytes[(SubsectionHeadBytes + text.Length)..];
        return true;
    }

    /// <summary>A timer's is the time when it goes off, or -1.</summary>
    [GeneratedRegex("^(?:int(?:8|16|32|64)|timer)\\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SignedType();
}

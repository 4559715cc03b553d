using System.Globalization;
using System.Text.Json;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>
/// A JSON object, read member by member. What is missing, of another type, or not one of the words allowed is noted, and something stands in for
/// it until <see cref="Mistakes"/> is asked. A member that nobody asked for is a mistake too.
/// </summary>
internal sealed class FaultMembers(JsonElement fault)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _mistakes = [];

    /// <summary>All that is wrong, once everything was read; null if nothing is.</summary>
    public string? Mistakes()
    {
        var unknown = fault.EnumerateObject().Select(member => member.Name).Where(name => !_known.Contains(name)).Distinct(StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            _mistakes.Add($"Unknown here: {string.Join(", ", unknown)}. Known are: {string.Join(", ", _known)}.");
        }

        return _mistakes.Count == 0 ? null : string.Join(" ", _mistakes);
    }

    /// <summary>The first one, whatever else there is.</summary>
    public string? First => _mistakes.FirstOrDefault();

    /// <summary>Notes that the member's text is none of those allowed.</summary>
    public FaultSpec? None(string name, string text, string told) => _mistakes.Count > 0 ? null : Wrong<FaultSpec?>(name, $"“{text}”", told, null);

    /// <param name="told">What it is, such as "a disk's id, such as vda".</param>
    public string Text(string name, string told)
    {
        if (!Find(name, out var value))
        {
            return Missing(name, told, "");
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString()! : Wrong(name, value, told, "");
    }

    public TWord Word<TWord>(string name, IReadOnlyDictionary<string, TWord> words, TWord? otherwise = null) where TWord : struct
    {
        var told = $"one of {string.Join(", ", words.Keys)}";
        if (!Find(name, out var value))
        {
            return otherwise ?? Missing(name, told, default(TWord));
        }

        return value.ValueKind == JsonValueKind.String && words.TryGetValue(value.GetString()!, out var word) ? word : Wrong(name, value, told, default(TWord));
    }

    public long Whole(string name, string told) => OptionalWhole(name, told) ?? Missing(name, told, 0);

    public long? OptionalWhole(string name, string told)
    {
        if (!Find(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : Wrong(name, value, told, 0L);
    }

    public int Small(string name, string told)
    {
        var number = Whole(name, told);
        return number is >= int.MinValue and <= int.MaxValue ? (int)number : Wrong(name, number.ToString(CultureInfo.InvariantCulture), told, 0);
    }

    public double Number(string name, string told) => OptionalNumber(name, told) ?? Missing(name, told, 0);

    public double? OptionalNumber(string name, string told)
    {
        if (!Find(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : Wrong(name, value, told, 0.0);
    }

    public bool Flag(string name) =>
        Find(name, out var value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Wrong(name, value, "true or false", false));

    public DateTimeOffset? OptionalTime(string name)
    {
        if (!Find(name, out var value))
        {
            return null;
        }

        const string Told = "a time as ISO 8601, such as 2026-11-22T10:00:00.5Z";
        return value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime() : Wrong(name, value, Told, default(DateTimeOffset));
    }

    public NicId Nic(string name)
    {
        const string Told = "a NIC's id, such as eth1";
        if (!Find(name, out var value))
        {
            return Missing(name, Told, default(NicId));
        }

        return value.ValueKind == JsonValueKind.String && NicId.TryParse(value.GetString(), out var nic) ? nic : Wrong(name, value, Told, default(NicId));
    }

    /// <summary>A member that is null is as good as none.</summary>
    private bool Find(string name, out JsonElement value)
    {
        _known.Add(name);
        return fault.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private T Missing<T>(string name, string told, T instead)
    {
        _mistakes.Add($"{name} is missing: {told}.");
        return instead;
    }

    private T Wrong<T>(string name, JsonElement value, string told, T instead) => Wrong(name, Shortened(value.GetRawText()), told, instead);

    private T Wrong<T>(string name, string value, string told, T instead)
    {
        _mistakes.Add($"{name}: {value} is not {told}.");
        return instead;
    }

    private static string Shortened(string text)
    {
        const int Most = 60;
        return text.Length > Most ? text[..Most] + "…" : text;
    }
}

using System.Globalization;
using System.Text.Json;

namespace LabNet.Core.Devices;

/// <summary>A property of an object of QEMU.</summary>
/// <param name="Type">QEMU's, such as <c>bool</c>, <c>uint32</c> or <c>link&lt;bus&gt;</c>.</param>
/// <param name="Value">A string as it is, anything else as JSON; null where QEMU does not tell it.</param>
/// <param name="Kind">Of the value, as JSON.</param>
/// <param name="WhyNot">QEMU's words for that.</param>
public sealed record QomProperty(string Name, string Type, string? Description, string? Value, JsonValueKind Kind, string? WhyNot)
{
    /// <summary>Setting it would take the device out of the machine, past its guest.</summary>
    private const string Realized = "realized";

    /// <summary>The path of the object that it refers to; null for a property that refers to none.</summary>
    public string? Target => Type.StartsWith("link<", StringComparison.Ordinal) && Value is ['/', ..] ? Value : null;

    public bool IsFlag => Kind is JsonValueKind.True or JsonValueKind.False;

    /// <summary>Whether LabNet would set it. A text is often a file's name, and QEMU's files are not for whoever looks at devices.</summary>
    internal bool IsPlain => Name != Realized && (IsFlag || Kind == JsonValueKind.Number);

    /// <param name="mistake">Why the text is no value for this property, in words for the user; null if it is.</param>
    public JsonElement? Parse(string text, out string? mistake)
    {
        var trimmed = text.Trim();
        mistake = IsFlag
            ? trimmed is "true" or "false" ? null : $"{Name} is true or false."
            : IsNumber(trimmed) ? null : $"{Name} is a whole number, such as 42 or -1.";
        return mistake is null ? JsonElement.Parse(trimmed) : null;
    }

    private static bool IsNumber(string text) =>
        (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && text == number.ToString(CultureInfo.InvariantCulture))
        || (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var large) && text == large.ToString(CultureInfo.InvariantCulture));
}

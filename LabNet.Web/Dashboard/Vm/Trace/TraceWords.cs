using System.Globalization;
using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>What was traced, as it stands on the page.</summary>
internal static class TraceWords
{
    private const char ControlPictures = '\u2400', Delete = '\u007f', PictureOfDelete = '\u2421';
    private const long NsPerSecond = 1_000_000_000, NsPerUs = 1000;

    /// <summary>A register, an address or flags in base 16, as QEMU prints them.</summary>
    public static string Value(TraceValue value) => value.Kind switch
    {
        TraceValueKind.Text => Visible(value.Text ?? ""),
        TraceValueKind.Hex => $"0x{value.Bits:x}",
        TraceValueKind.Natural => unchecked((ulong)value.Bits).ToString(CultureInfo.InvariantCulture),
        _ => value.Bits.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The other way to write a number; null of a text, and of one that looks the same.</summary>
    public static string? OtherwiseWritten(TraceValue value) => value switch
    {
        { Kind: TraceValueKind.Text } or { Bits: >= 0 and < 10 } => null,
        { Kind: TraceValueKind.Hex } => unchecked((ulong)value.Bits).ToString(CultureInfo.InvariantCulture),
        _ => $"0x{value.Bits:x}",
    };

    /// <summary>As QEMU's log has them, in one line.</summary>
    public static string Arguments(TraceEvent one) => string.Join(' ', one.Type.Arguments.Zip(one.Values).Select(pair => $"{pair.First.Name} {Value(pair.Second)}"));

    public static string Thread(TraceThread thread) => thread switch
    {
        { Vcpu: { } vcpu } => $"vCPU {vcpu}",
        { Id: 0 } => "–",
        _ => $"thread {thread.Id}",
    };

    public static string Utc(long timeNs) =>
        $"{DateTimeOffset.FromUnixTimeSeconds(timeNs / NsPerSecond).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}.{Micros(timeNs)} UTC";

    /// <summary>Six digits: what of a second has passed.</summary>
    public static string Micros(long timeNs) => (timeNs % NsPerSecond / NsPerUs).ToString("000000", CultureInfo.InvariantCulture);

    /// <summary>What controls a terminal is shown and not obeyed.</summary>
    public static string Visible(string text) => text.Any(char.IsControl)
        ? string.Create(text.Length, text, static (shown, from) =>
        {
            for (var place = 0; place < from.Length; place++)
            {
                shown[place] = from[place] switch
                {
                    < ' ' and var control => (char)(ControlPictures + control),
                    Delete => PictureOfDelete,
                    _ when char.IsControl(from[place]) => '\ufffd',
                    _ => from[place],
                };
            }
        })
        : text;
}

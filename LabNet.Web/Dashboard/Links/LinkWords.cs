using System.Globalization;
using LabNet.Core.Faults;
using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What the Links page says.</summary>
internal static class LinkWords
{
    /// <summary>What a flow can be found by.</summary>
    public static string Text(Flow flow) => $"{flow.Key.Protocol} {flow.From} {Source(flow.Key)} {Destination(flow.Key)}";

    public static string Source(FlowKey key) => End(key.SourceText, key.SourcePort);

    public static string Destination(FlowKey key) => End(key.DestinationText, key.DestinationPort);

    public static string Rate(double? bytesPerSecond) => bytesPerSecond is { } rate ? $"{Figures.Bytes((long)Math.Round(rate))}/s" : "–";

    public static string Name(ImpairmentPart part) => part switch
    {
        ImpairmentPart.Delay => "Delay",
        ImpairmentPart.Jitter => "Jitter",
        ImpairmentPart.Loss => "Loss",
        ImpairmentPart.Rate => "Rate",
        ImpairmentPart.Duplicate => "Duplicates",
        ImpairmentPart.Reorder => "Out of order",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, message: null),
    };

    public static string Unit(ImpairmentPart part) => part switch
    {
        ImpairmentPart.Delay or ImpairmentPart.Jitter => "ms",
        ImpairmentPart.Rate => "kbit/s",
        _ => "%",
    };

    /// <summary>What a fault does to its NIC, without the NIC's name.</summary>
    public static string What(FaultSpec spec) => spec switch
    {
        LinkDownFault => "link down",
        LinkFlapFault flap => $"flaps: {flap.DownMs} ms down, {flap.UpMs} ms up",
        LinkImpairFault impair => impair.Text[$"{impair.Nic}: ".Length..],
        _ => spec.Text,
    };

    public static (string Word, Tone Tone, IconShape Icon) Of(Capture capture) => capture.End switch
    {
        null => ("goes on", Tone.Busy, IconShape.Busy),
        CaptureEnd.Time or CaptureEnd.Asked => ("ended", Tone.Good, IconShape.Check),
        CaptureEnd.Size => ("full", Tone.Good, IconShape.Check),
        CaptureEnd.Failed => ("failed", Tone.Bad, IconShape.Cross),
        _ => ("cut short", Tone.Warning, IconShape.Warning),
    };

    public static (string Word, Tone Tone, IconShape Icon) Of(TrafficRun run) => run switch
    {
        { State: TrafficRunState.Preparing } => ("prepares", Tone.Busy, IconShape.Busy),
        { State: TrafficRunState.Sending } => ("sends", Tone.Busy, IconShape.Busy),
        { State: TrafficRunState.Failed } => ("failed", Tone.Bad, IconShape.Cross),
        { Result: { Received: 0 } } => ("nothing came", Tone.Bad, IconShape.Cross),
        { Result: { Lost: > 0 } } => ("some lost", Tone.Warning, IconShape.Warning),
        _ => ("all came", Tone.Good, IconShape.Check),
    };

    public static string Milliseconds(double? ms) => ms is { } known ? Figures.Milliseconds(known) : "–";

    public static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>RFC 3986 § 3.2.2 has brackets around IPv6, whose colons would run into the port's.</summary>
    private static string End(string address, int? port) => port is not { } number ? address
        : address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{number}" : $"{address}:{number}";
}

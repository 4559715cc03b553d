using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Links;

/// <summary>How one VM reaches another over a link.</summary>
/// <param name="Ping">The newest; null before the first.</param>
/// <param name="Mtu">Null before it was measured.</param>
/// <param name="SilentSince">Since when nothing comes back; null if something does.</param>
public sealed record PingCell(VmName From, VmName To, PingMeasured? Ping, PathMtuMeasured? Mtu, DateTimeOffset? SilentSince)
{
    public Tone Tone => Ping switch
    {
        null or { Problem: not null } or { Sent: 0 } => Tone.Quiet,
        { Received: 0 } => Tone.Bad,
        _ when IsBlackHole => Tone.Bad,
        _ when Ping.Received < Ping.Sent => Tone.Warning,
        _ => Tone.Good,
    };

    public string Word => Ping switch
    {
        null => "not measured yet",
        { Problem: not null } or { Sent: 0 } => "not measured",
        { Received: 0 } => IsBlackHole ? "black hole" : "nothing comes back",
        _ when IsBlackHole => "black hole",
        _ when Ping.Received < Ping.Sent => "loses packets",
        _ => "answers",
    };

    public IconShape Icon => Tone switch
    {
        Tone.Good => IconShape.Check,
        Tone.Bad => IconShape.Cross,
        Tone.Warning => IconShape.Warning,
        _ => IconShape.Circle,
    };

    public string Loss => Ping is { Problem: null, Sent: > 0 } ping ? Figures.Loss(ping) : "–";

    /// <summary>The largest packet that gets through; with what is wrong with larger ones.</summary>
    public string MtuText => Mtu switch
    {
        null => "–",
        { Problem: not null } => "not measured",
        { FitsBytes: { } fits } => $"{fits} B",
        _ => "nothing fits",
    };

    /// <summary>All of it in a sentence.</summary>
    public string Told => $"{From} → {To}: {Ping?.Problem ?? (Ping is { } ping ? $"{ping.Received} of {ping.Sent} pings of {ping.PacketBytes} bytes came back." : Word)}{(Mtu is null ? "" : $" Path MTU: {Mtu.Told}")}";

    public bool IsBlackHole => Mtu is { IsBlackHole: true };

    public static PingCell Of(LinksView view, LinkName link, VmName from, VmName to) => new(
        from,
        to,
        view.Lab.Pings.GetValueOrDefault((link, from, to)),
        view.Mtus.GetValueOrDefault((link, from, to)),
        view.SilentSince.TryGetValue((link, from, to), out var since) ? since : null);
}

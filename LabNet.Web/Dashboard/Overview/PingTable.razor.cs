using LabNet.Core.Traffic;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Overview;

/// <summary>What the guests measured of each other, in the lab's order, so that no row moves.</summary>
public sealed partial class PingTable
{
    private List<PingMeasured> _pings = [];

    [Parameter, EditorRequired]
    public LabView View { get; set; } = default!;

    protected override void OnParametersSet() => _pings = [.. View.Lab.Links.SelectMany(link => LinkHealth.Of(View, link).Pings)];

    private static string Css(PingMeasured ping) => ping.Problem is not null ? "quiet"
        : ping.Received == 0 ? "failed"
        : ping.Received < ping.Sent ? "lossy" : "";

    private string Told(PingMeasured ping)
    {
        var over = View.Lab.Links.Length > 1 ? $" over {ping.Link}" : "";
        return ping.Problem ?? $"{ping.Received} of {ping.Sent} came back{over}; packets of {ping.PacketBytes} B, not to be fragmented.";
    }
}

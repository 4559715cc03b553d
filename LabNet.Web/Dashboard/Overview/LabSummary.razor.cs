using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Overview;

/// <summary>The lab in four figures.</summary>
public sealed partial class LabSummary
{
    private List<LinkHealth> _links = [];

    [Parameter, EditorRequired]
    public LabView View { get; set; } = default!;

    private string Hosts => View.Lab.Hosts.Length == 1 ? "1 host" : $"{View.Lab.Hosts.Length} hosts";

    private string Architectures => View.Lab.Vms.IsEmpty
        ? "no VMs"
        : string.Join(" and ", View.Lab.Vms.Select(vm => vm.Architecture).Distinct().Select(a => a.Word()));

    private int Running => View.Vms.Values.Count(vm => VmStanding.Of(vm).Tone == Tone.Good);

    private int Healthy => _links.Count(l => l.Tone == Tone.Good);

    private int Failing => _links.Count(l => l.Fails);

    private PingMeasured? LastPing => View.Pings.Values.Where(p => p.Problem is null).MaxBy(p => p.At);

    protected override void OnParametersSet() => _links = [.. View.Lab.Links.Select(link => LinkHealth.Of(View, link))];
}

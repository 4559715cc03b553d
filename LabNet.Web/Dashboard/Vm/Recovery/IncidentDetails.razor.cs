using System.Globalization;
using LabNet.Core.Recovery;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>A crash with all that was kept of it. What the guest and QEMU wrote is text, whatever it says.</summary>
public sealed partial class IncidentDetails
{
    private const int MostFrequent = 12;

    [Parameter, EditorRequired]
    public Incident Incident { get; set; } = default!;

    /// <summary>Null until it is read.</summary>
    [Parameter]
    public CrashEvidence? Evidence { get; set; }

    [Parameter]
    public string? EvidenceProblem { get; set; }

    [Parameter]
    public bool HasDump { get; set; }

    [Parameter]
    public bool MayHaveMemory { get; set; }

    private string TracedMost => string.Join('\n', (Evidence?.TraceEvents ?? []).Take(MostFrequent).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Event} {one.Count:N0}")));

    private static string Mb(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");
}

using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>A VM's snapshots as a tree and as a table in one: who cannot see the lines has their meaning in words.</summary>
public sealed partial class SnapshotTable
{
    [Parameter, EditorRequired]
    public SnapshotTree Tree { get; set; } = default!;

    [Parameter, EditorRequired]
    public SnapshotLanes Lanes { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    /// <summary>What the disks hold, where they could be asked.</summary>
    [Parameter]
    public ImmutableArray<HeldSnapshot> Held { get; set; } = [];

    [Parameter, EditorRequired]
    public ChosenSnapshots Chosen { get; set; } = default!;

    /// <summary>The page's address with that chosen.</summary>
    [Parameter, EditorRequired]
    public Func<SnapshotChoice, string> AddressOf { get; set; } = default!;

    /// <summary>Whether the viewer may restore and delete at all.</summary>
    [Parameter]
    public bool MayAct { get; set; }

    /// <summary>Whether the page is live.</summary>
    [Parameter]
    public bool Ready { get; set; }

    /// <summary>Why not at the moment; null where it can be asked for. The buttons keep the focus meanwhile.</summary>
    [Parameter]
    public string? WhyNotAct { get; set; }

    [Parameter]
    public EventCallback<Snapshot> OnRestore { get; set; }

    [Parameter]
    public EventCallback<Snapshot> OnDelete { get; set; }

    private string RailWidth => SnapshotRail.WidthOf(Lanes.Count).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Of one that somebody else took only the disks themselves know.</summary>
    private string DisksOf(Snapshot snapshot)
    {
        var disks = snapshot.Machine?.Disks ?? Held.FirstOrDefault(held => held.Tag == snapshot.Tag && held.TakenAt == snapshot.TakenAt)?.Disks ?? [];
        return disks.IsEmpty ? "–" : string.Join(", ", disks);
    }
}

using System.Collections.Immutable;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>Two chosen snapshots, or one and what is now, beside each other.</summary>
public sealed partial class SnapshotComparison
{
    private const string Unknown = "not known";

    [Parameter, EditorRequired]
    public VmSnapshots Snapshots { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public SnapshotTree Tree { get; set; } = default!;

    [Parameter, EditorRequired]
    public ChosenSnapshots Chosen { get; set; } = default!;

    /// <summary>What LabNet kept of each; one that somebody else took has nothing of it.</summary>
    private IEnumerable<(string Title, string OfA, string OfB)> Rows(ChosenSnapshot a, ChosenSnapshot b) =>
    [
        ("QEMU", Qemu(a), Qemu(b)),
        ("Plugged in", Plugged(a), Plugged(b)),
        ("Machine’s state", Size(a), Size(b)),
        .. $"{a.Snapshot?.Note}{b.Snapshot?.Note}".Length > 0 ? [("Note", a.Snapshot?.Note ?? "", b.Snapshot?.Note ?? "")] : Array.Empty<(string, string, string)>(),
    ];

    private string Qemu(ChosenSnapshot side) =>
        (side.Snapshot is { } snapshot ? snapshot.Machine?.QemuVersion : State.IsThere ? State.QemuVersion : null)?.ToString() ?? Unknown;

    private string Plugged(ChosenSnapshot side) => (side.Snapshot, side.Snapshot?.Machine) switch
    {
        (null, _) when !State.IsThere => "nothing, it is off",
        (null, _) => Ids(State.Plugged),
        (_, { } machine) => Ids(machine.Plugged),
        _ => Unknown,
    };

    private static string Ids(ImmutableArray<PluggedDevice> devices) => devices.IsEmpty ? "nothing" : string.Join(", ", devices.Select(device => $"{device.Id} ({device.Kind})"));

    private static string Size(ChosenSnapshot side) => side.Snapshot switch
    {
        null => "in use",
        { VmStateBytes: 0 } => "none: the disk alone",
        var snapshot => Figures.Bytes(snapshot.VmStateBytes),
    };
}

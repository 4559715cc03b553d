using LabNet.Core.Labs;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>What stands about snapshots in sentences.</summary>
internal static class SnapshotWords
{
    /// <summary>The kinds of the operations that change snapshots.</summary>
    public static bool IsOne(Operation operation) => operation.Kind is "snapshot" or "restore" or "snapshot-delete";

    public static string Doing(Operation operation) => operation.Kind switch
    {
        "snapshot" => "Takes",
        "restore" => "Restores",
        _ => "Deletes",
    };

    public static string Done(Operation operation) => (operation.Kind, operation.State) switch
    {
        ("snapshot", OperationState.Succeeded) => "was taken",
        ("restore", OperationState.Succeeded) => "was restored",
        (_, OperationState.Succeeded) => "was deleted",
        ("snapshot", _) => "was not taken",
        ("restore", _) => "was not restored",
        _ => "was not deleted",
    };

    public static string Machine(VmState state) => $"{state.Name} is {(state.IsThere ? state.RunState?.Word : null) switch
    {
        "save-vm" => "being saved",
        "restore-vm" => "being restored",
        var word => word ?? VmStanding.Of(state).Word,
    }}";

    /// <summary>Where the one of a row came from, in words that stand behind its name.</summary>
    public static string Lineage(SnapshotRow row) => (row.Parent, row.Snapshot) switch
    {
        ({ Standing: SnapshotStanding.Deleted } parent, _) => $"came from “{parent.Name}”, which was deleted",
        ({ Standing: SnapshotStanding.Gone } parent, _) => $"came from “{parent.Name}”, which is gone",
        ({ } parent, _) => $"came from “{parent.Name}”",
        (null, { Origin: SnapshotOrigin.External }) => "made elsewhere, lineage unknown",
        (null, { Parent: not null }) => "what it came from is not known any more",
        _ => "came from no snapshot",
    };

    /// <summary>What became of one that is not there any more; null for one that is.</summary>
    public static string? Standing(Snapshot snapshot) => snapshot.Standing switch
    {
        SnapshotStanding.Deleted => "deleted",
        SnapshotStanding.Gone => "gone: not deleted by LabNet",
        _ => null,
    };

    /// <summary>What the guest is still to be given; null for nothing.</summary>
    public static string? Owed(SnapshotTree tree, VmName vm) => tree.Debt switch
    {
        GuestDebt.None => null,
        GuestDebt.Shares => $"The guest of {vm} has no shared folders yet: it gets them when its agent answers.",
        GuestDebt.Clock => $"The guest of {vm} has an old time yet: its clock is set when its agent answers.",
        _ => $"The guest of {vm} has an old time and no shared folders yet: it gets both when its agent answers.",
    };

    /// <summary>A step that nobody is at work on: LabNet or QEMU had ended.</summary>
    public static string? Open(SnapshotTree tree) => tree.Step switch
    {
        null => null,
        { Kind: SnapshotStepKind.Save, Draft: { } draft } => $"“{draft.Name}” was being taken when LabNet, or QEMU, ended. What came of it is told as soon as QEMU, or the disk, can be asked.",
        var step => $"“{tree.Find(step.Id)?.Name ?? step.Tag}” was being {(step.Kind == SnapshotStepKind.Load ? "restored" : "deleted")} when LabNet, or QEMU, ended. What came of it is told as soon as QEMU, or the disk, can be asked.",
    };

    /// <summary>What happens to the machine while a snapshot is taken.</summary>
    public static string Taking(VmState state)
    {
        var memory = state.MemoryBytes is { } bytes ? $"what it uses of its {Figures.Memory(bytes)} of memory" : "its memory";
        var still = state.RunState == Core.Qmp.RunState.Running ? "The guest stands still for a moment" : $"{state.Name} is {state.RunState}, and stays so";
        var share = state.Definition switch
        {
            _ when state.RunState != Core.Qmp.RunState.Running => "",
            StartedVm { Share: not null } => ", and its shared folder is unmounted meanwhile",
            AttachedVm => ", and 9p shares that its agent can unmount are unmounted meanwhile",
            _ => "",
        };
        return $"{still} while QEMU writes {memory} into its disk{share}.";
    }

    /// <summary>How two are related, as far as LabNet knows.</summary>
    public static string Relation(SnapshotTree tree, ChosenSnapshot a, ChosenSnapshot b)
    {
        if (tree.HeadDoubt is not null && (a.Snapshot is null || b.Snapshot is null))
        {
            return "What the machine is now came from, nobody knows for certain.";
        }

        var (ofA, ofB) = (Line(a), Line(b));
        return ofB.Contains(a) ? $"“{b.Name}” came from “{a.Name}”{Between(ofB.IndexOf(a))}."
            : ofA.Contains(b) ? $"“{a.Name}” came from “{b.Name}”{Between(ofA.IndexOf(b))}."
            : ofA.Find(ofB.Contains) is { } common ? $"Both came from “{common.Name}”{(common.Snapshot is { IsThere: false } ? ", which is not there any more" : "")}, by ways of their own."
            : "That they have anything in common is not known: neither came from the other, nor both from a third.";

        List<ChosenSnapshot> Line(ChosenSnapshot one) =>
        [
            .. one.Snapshot is null ? [one] : Array.Empty<ChosenSnapshot>(),
            .. (one.Snapshot?.Id ?? tree.Head) is { } id ? tree.LineOf(id).Select(snapshot => new ChosenSnapshot(snapshot)) : [],
        ];

        static string Between(int steps) => steps switch
        {
            <= 1 => "",
            2 => ", with one snapshot between them",
            _ => $", with {steps - 1} snapshots between them",
        };
    }
}

using LabNet.Core.Snapshots;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>What restoring a snapshot would do, to be told before it is done.</summary>
/// <param name="WhyNot">Why it cannot be restored; null if it can.</param>
/// <param name="WhyAnew">What the machine has otherwise, for which QEMU is started anew; null where it goes on as it is.</param>
/// <param name="IsThere">Whether there is a machine that goes on, and whose memory would be lost.</param>
/// <param name="WhyNotKept">Why what is now cannot be kept as a snapshot first; null if it can.</param>
/// <param name="Head">What the machine as it is now came from; null for nothing.</param>
/// <param name="HeadDoubt">Why that is not certain; null if it is.</param>
public sealed record RestorePlan(Snapshot Snapshot, string? WhyNot, string? WhyAnew, bool IsThere, string? WhyNotKept, Snapshot? Head, string? HeadDoubt)
{
    /// <param name="disks">As they are now; null where they cannot be asked.</param>
    public static RestorePlan Of(VmSnapshots snapshots, Snapshot snapshot, CoveredDisks? disks)
    {
        var (state, tree) = (snapshots.Vm.State, snapshots.Tree);
        var whyNotKept = !state.IsThere ? $"{state.Name} is off, and a snapshot keeps a machine that is there." : disks is null ? VmAsking.WhyNotQemu(state) : disks.WhyNot;
        return new RestorePlan(
            snapshot, snapshots.WhyNotLoadable(snapshot), snapshots.Differences(snapshot), state.IsThere, whyNotKept, tree.Head is { } head ? tree.Find(head) : null, tree.HeadDoubt);
    }
}

using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>How long QEMU took for a disk's requests, by the trace events of its device, where they are on.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class TracedRequests(TracePump pump, TraceStore traces, TimeProvider time)
{
    /// <summary>Of the requests that fio counted, so many must have been traced: events that were switched on later, or that QEMU dropped, tell of a part.</summary>
    private const double LeastShare = 0.5;

    /// <summary>A benchmark is not held up for longer by a database that is slow.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What ends a request of such a device, and the argument that tells the devices of one VM apart; null where QEMU names none.</summary>
    private static readonly (string DeviceType, string End, string? Device)[] Kinds =
    [
        ("virtio-blk", "virtio_blk_req_complete", "vdev"),
        ("scsi-", "virtio_scsi_cmd_resp", null),
        ("nvme", "pci_nvme_rw_cb", null),
    ];

    /// <returns>Null where it is not known: nothing was traced, too little, or more disks than one were as busy.</returns>
    public async Task<TracedIo?> ReadAsync(VmSession vm, IoBenchmark run, IoRepeat repeat, CancellationToken cancellationToken)
    {
        var (_, end, device) = Array.Find(Kinds, kind => run.DeviceType.StartsWith(kind.DeviceType, StringComparison.Ordinal));
        if (end is null || vm.State.TraceSwitches.IsEmpty || (device is null && run.UnderLoad))
        {
            return null;
        }

        try
        {
            using var enough = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
            await pump.CatchUpAsync(vm.State.Name, either.Token);
            var found = traces.ReadLatenciesBy(
                vm.State.Name, end, device, repeat.StartedAt.ToUnixTimeNs(), repeat.EndedAt.ToUnixTimeNs(), either.Token);
            return Choose(found, (repeat.Read?.Operations ?? 0) + (repeat.Write?.Operations ?? 0));
        }
        catch (Exception e) when (e is DatabaseException or DamagedSegmentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // What fio measured is worth keeping without it.
            return null;
        }
    }

    /// <summary>The only device with as many requests as fio's.</summary>
    /// <param name="operations">What fio counted.</param>
    internal static TracedIo? Choose(IReadOnlyList<TraceLatency> found, long operations) =>
        found.Where(one => one.Count >= operations * LeastShare).ToList() is [var only]
            ? new TracedIo(only.Count, only.P50Ns, only.P95Ns, only.P99Ns, only.MaxNs)
            : null;
}

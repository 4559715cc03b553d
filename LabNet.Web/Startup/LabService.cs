using LabNet.Core.Faults;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Metrics;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Startup;

/// <summary>
/// Brings the lab's parts to life while the dashboard already answers: adopts the VMs that run, starts the others if that is asked for,
/// and begins to measure. When LabNet ends, the VMs stay as they are.
/// </summary>
public sealed partial class LabService(
    VmRegistry vms, LinkWatch links, RelayKeeper relay, PingMesh pings, MetricsPump metrics, TracePump traces, FlowWatch flows, CaptureRegistry captures, SnapshotRegistry snapshots, FaultRegistry faults, RecoveryRegistry recovery, ChaosRuns chaos, TrafficRunStore trafficRuns, OperationStore operations, IoBenchmarkStore benchmarks, LabNetSettings settings, TimeProvider time, ILogger<LabService> logger) : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        vms.Open();
        faults.Start();
        snapshots.Start();
        await relay.StartAsync(stoppingToken);
        links.Start();
        pings.Start();
        metrics.Start();
        traces.Start();
        captures.Start();
        flows.Start();
        await CloseAbandonedAsync(stoppingToken);
        recovery.Start();
        if (settings.StartVms)
        {
            await vms.StartAllAsync(Actor.LabNet, vm => recovery.Of(vm.State.Name).BringsBack, stoppingToken);
        }

        LogOpen(vms.Lab.Name.ToString(), vms.Vms.Count);
    }

    /// <summary>That lab.db is locked or its disk full just now is no reason not to watch over the VMs.</summary>
    private async Task CloseAbandonedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await operations.CloseAbandonedAsync(cancellationToken);
                await benchmarks.CloseAbandonedAsync(cancellationToken);
                await trafficRuns.CloseAbandonedAsync(time.GetUtcNow(), cancellationToken);
                await chaos.StartAsync(cancellationToken);
                return;
            }
            catch (DatabaseException e)
            {
                LogNotClosed(e);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(5002, LogLevel.Error, "The operations that an earlier LabNet left running could not be closed; it is tried again")]
    private partial void LogNotClosed(Exception exception);

    [LoggerMessage(5001, LogLevel.Information, "Lab {Lab} is open with {Count} VMs")]
    private partial void LogOpen(string lab, int count);
}

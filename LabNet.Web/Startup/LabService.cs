using LabNet.Core.Metrics;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Startup;

/// <summary>
/// Brings the lab's parts to life while the dashboard already answers: adopts the VMs that run, starts the others if that is asked for,
/// and begins to measure. When LabNet ends, the VMs stay as they are.
/// </summary>
public sealed partial class LabService(
    VmRegistry vms, LinkWatch links, PingMesh pings, MetricsPump metrics, OperationStore operations, LabNetSettings settings, ILogger<LabService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        vms.Open();
        links.Start();
        pings.Start();
        metrics.Start();
        await operations.CloseAbandonedAsync(stoppingToken);
        if (settings.StartVms)
        {
            await vms.StartAllAsync(Actor.LabNet, stoppingToken);
        }

        LogOpen(vms.Lab.Name.ToString(), vms.Vms.Count);
    }

    [LoggerMessage(5001, LogLevel.Information, "Lab {Lab} is open with {Count} VMs")]
    private partial void LogOpen(string lab, int count);
}

using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

/// <summary>What every VM's session works with.</summary>
/// <param name="BootTimeout">How long a guest may take until its agent answers, before the VM is said to have a problem.</param>
public sealed record VmServices(
    Host Host,
    LiveFeed Feed,
    OperationRegistry Operations,
    AuditLog Audit,
    QmpOptions Qmp,
    TimeSpan BootTimeout,
    TimeProvider Time,
    ILoggerFactory Loggers)
{
    /// <summary>What all VMs of one QEMU binary have in common.</summary>
    public QemuCatalogue Catalogue { get; } = new();

    /// <summary>Whether admins may send any QMP command; off, because by QMP QEMU's user can be made to do anything.</summary>
    public bool AllowsRawQmp { get; init; }
}

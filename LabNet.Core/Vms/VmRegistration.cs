using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

public static class VmRegistration
{
    private static readonly TimeSpan BootTimeout = TimeSpan.FromSeconds(120);

    /// <summary>The sessions of a lab's VMs, their operations, the audit log and the watch over the links. Starts nothing.</summary>
    /// <param name="allowRawQmp">Whether admins may send any QMP command.</param>
    public static IServiceCollection AddVms(this IServiceCollection services, Lab lab, bool allowRawQmp = false) => services
        .AddSingleton(lab)
        .AddSingleton<OperationStore>()
        .AddSingleton<OperationRegistry>()
        .AddSingleton<AuditLog>()
        .AddSingleton<LinkWatch>()
        .AddSingleton(s => new VmRegistry(lab, new VmServices(
            s.GetRequiredService<Host>(),
            s.GetRequiredService<LiveFeed>(),
            s.GetRequiredService<OperationRegistry>(),
            s.GetRequiredService<AuditLog>(),
            new QmpOptions(),
            BootTimeout,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>())
        {
            AllowsRawQmp = allowRawQmp,
        }));
}

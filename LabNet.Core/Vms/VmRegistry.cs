using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

/// <summary>The lab's VMs, in the lab file's order. Disposing it leaves every QEMU running.</summary>
public sealed partial class VmRegistry : IAsyncDisposable
{
    private readonly ILogger<VmRegistry> _logger;
    private readonly Host _host;

    public VmRegistry(Lab lab, VmServices services)
    {
        Lab = lab;
        _host = services.Host;
        Vms = [.. lab.Vms.Select(vm => new VmSession(lab, vm, services))];
        _logger = services.Loggers.CreateLogger<VmRegistry>();
    }

    public Lab Lab { get; }

    public IReadOnlyList<VmSession> Vms { get; }

    /// <summary>Whether every session listens.</summary>
    public bool IsOpen { get; private set; }

    public VmSession? Find(VmName name) => Vms.FirstOrDefault(vm => vm.State.Name == name);

    /// <summary>Adopts what runs and begins to listen.</summary>
    /// <exception cref="HostException">The lab has links by the relay, whose folder cannot be written.</exception>
    public void Open()
    {
        _host.OpenRelay(Lab);
        foreach (var vm in Vms)
        {
            vm.Open();
        }

        IsOpen = true;
    }

    /// <summary>Begins to start what does not run; others' VMs are left alone.</summary>
    public Task StartAllAsync(Actor actor, CancellationToken cancellationToken) => StartAllAsync(actor, _ => false, cancellationToken);

    /// <inheritdoc cref="StartAllAsync(Actor, CancellationToken)"/>
    /// <param name="except">Those that somebody else is about to start.</param>
    public async Task StartAllAsync(Actor actor, Func<VmSession, bool> except, CancellationToken cancellationToken)
    {
        foreach (var vm in Vms.Where(vm => vm.State.Definition is StartedVm && !except(vm)))
        {
            try
            {
                await vm.BeginAsync(VmAction.Start, actor, cancellationToken);
            }
            catch (VmConflictException)
            {
                LogRunning(vm.State.Name);
            }
            catch (DatabaseException e)
            {
                // Without its line in the audit log nothing is done; the others may have better luck.
                LogNotStarted(e, vm.State.Name);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var vm in Vms)
        {
            await vm.DisposeAsync();
        }
    }

    [LoggerMessage(2202, LogLevel.Error, "{Vm} is not started: lab.db cannot be used")]
    private partial void LogNotStarted(Exception exception, VmName vm);

    [LoggerMessage(2201, LogLevel.Information, "{Vm} runs already")]
    private partial void LogRunning(VmName vm);
}

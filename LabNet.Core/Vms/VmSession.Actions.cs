using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What can be asked of the VM as a whole.</summary>
public sealed partial class VmSession
{
    /// <summary>A TCG guest on a busy machine needs 2 to 15 s to power down.</summary>
    private static readonly TimeSpan PowerdownTimeout = TimeSpan.FromSeconds(60);
    private const int PowerdownPresses = 3;
    private static readonly TimeSpan PolitePowerdownTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuitTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstWordTimeout = TimeSpan.FromSeconds(60);

    private string? _startOperation;

    /// <summary>Begins the action and answers at once; the state shown changes only when QEMU says so.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">The VM is not in a state for it.</exception>
    public async Task<Operation> BeginAsync(VmAction action, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, Role.Operator, action.Word(), detail: null, cancellationToken);
        ThrowIfNotOurs(action);
        if (action == VmAction.Start && _state.Definition is StartedVm started)
        {
            lock (_sync)
            {
                if (_state.Process is VmProcessState.Running or VmProcessState.Starting)
                {
                    throw new VmConflictException($"{_state.Name} is running already.");
                }

                Apply(new VmEvent.Starting("preparing", Accelerator: null));
                var operation = _services.Operations.Begin(action.Word(), _state.Name, actor, (progress, ct) => StartAsync(started, from: null, progress, ct));
                _startOperation = operation.Id;
                return operation;
            }
        }

        ThrowUnlessPossible(action);
        return _services.Operations.Begin(action.Word(), _state.Name, actor, (progress, ct) => CarryOutAsync(action, progress, ct));
    }

    private void ThrowUnlessPossible(VmAction action)
    {
        var (name, process, runState) = (_state.Name, _state.Process, _state.RunState);
        var ending = action is VmAction.Stop or VmAction.Kill;
        if (process is not (VmProcessState.Running or VmProcessState.Foreign) && !(ending && process is VmProcessState.Starting))
        {
            throw new VmConflictException($"{name} is not running. Start it first.");
        }

        if (!ending && _state.Connection is not QmpLinkState.Connected)
        {
            var why = process is VmProcessState.Foreign && _state.Connection is QmpLinkState.Lost lost ? $" {lost.Reason}" : "";
            throw new QmpDisconnectedException($"QEMU of {name} is not connected at the moment, so it cannot be asked to {action.Word()}.{why}");
        }

        if (action == VmAction.Powerdown && runState != RunState.Running)
        {
            throw new VmConflictException($"{name} is {runState}: a guest that stands still cannot hear its power button. Resume it first{(process is VmProcessState.Foreign ? "" : ", or stop it")}.");
        }
    }

    private Task CarryOutAsync(VmAction action, IProgress<double> progress, CancellationToken cancellationToken) => action switch
    {
        VmAction.Pause => SendAsync(RunStateCommands.Stop, cancellationToken),
        VmAction.Resume => SendAsync(RunStateCommands.Cont, cancellationToken),
        VmAction.Reset => SendAsync(RunStateCommands.SystemReset, cancellationToken),
        VmAction.Powerdown => PowerdownAsync(cancellationToken),
        VmAction.Stop => StopAsync(progress, cancellationToken),
        VmAction.Kill => KillAsync(cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, message: null),
    };

    private async Task SendAsync(QmpCommand<QmpNothing> command, CancellationToken cancellationToken)
    {
        await _qmp.ExecuteAsync(command, cancellationToken);

        // QEMU has said STOP, RESUME or RESET before it answered; a "cont" that a panicked guest ignores shows by what it says now.
        await ReadStateAsync(cancellationToken);
    }

    private async Task StartAsync(StartedVm vm, StartPoint? from, IProgress<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            var image = await _services.Host.PrepareVmAsync(vm, Paths, cancellationToken);
            await (BeforeStart?.Invoke(cancellationToken) ?? Task.CompletedTask);
            var decision = await _services.Host.ChooseAcceleratorAsync(vm, image, cancellationToken);
            var accelerator = new AcceleratorInUse(decision.Kind, decision.Reason);
            Apply(new VmEvent.Starting("starting QEMU", accelerator));
            progress.Report(0.3);

            await _services.Host.CheckMediaAsync(vm, cancellationToken);
            var share = _services.Host.PrepareShare(vm);
            var pci = await _services.Host.FindPciBuildAsync(vm.Architecture, cancellationToken);
            ThrowIfLacking(pci, from);
            var launch = new QemuLaunch(_lab.Name, vm, decision.Kind, Host.Architecture, Paths, image, share, ReadLinkPorts())
            {
                TraceLog = TakeTraceLog(),
                PciPlugin = pci.Build?.Plugin,
                Plugged = from?.ToLaunch(_services.Host.ReadLinkPort) ?? [],
                LoadSnapshot = from?.Tag,
                Paused = from?.Paused ?? false,
            };
            var arguments = QemuCommandLine.Build(launch);
            await File.WriteAllLinesAsync(CommandNote, arguments, cancellationToken);
            await File.WriteAllTextAsync(AcceleratorNote, accelerator.Reason, cancellationToken);
            PluggedFile.Write(Paths.Folder, from?.Plugged ?? []);
            _endExpected = false;
            _bootSince = _services.Time.GetTimestamp();
            _process = await _services.Host.StartQemuAsync(Paths, vm.Architecture, arguments, cancellationToken);
            Apply(new VmEvent.ProcessFound(_process.Pid, _process.StartedAt, Adopted: false));
            if (from is not null)
            {
                Apply(new VmEvent.PluggedKnown(from.Plugged));
            }

            _qmp.ConnectNow();
            progress.Report(0.6);
            await WaitForFirstWordAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await EndProcessAsync(CancellationToken.None);
            Apply(new VmEvent.StartFailed(Problem: null));
            throw;
        }
        catch (Exception e) when (_process is null && e is HostException or IOException or UnauthorizedAccessException)
        {
            if (QemuProcess.ReadFrom(Paths) is { IsAlive: false } failed)
            {
                NoteEnd(failed.Note);
            }

            Apply(new VmEvent.StartFailed(new VmProblem($"{_state.Name} could not be started", e.Message, _services.Time.GetUtcNow())));
            throw;
        }
    }

    private async Task WaitForFirstWordAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(FirstWordTimeout);
        try
        {
            var state = await WaitUntilAsync(s => s.RunState is not null || s.Process is VmProcessState.Exited, timeout.Token);
            if (state.Process is VmProcessState.Exited exited)
            {
                throw new HostException($"QEMU ended at its start: {exited.StderrTail}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QmpTimeoutException($"QEMU runs and has not spoken within {FirstWordTimeout.TotalSeconds:0} s. Look at {Paths.Folder}/stderr.");
        }
    }

    private ImmutableDictionary<NicId, LinkPort> ReadLinkPorts()
    {
        var names = InterfaceNames.Of(_lab);
        return _state.Definition.Nics.OfType<LinkNic>().ToImmutableDictionary(nic => nic.Id, nic => _services.Host.ReadLinkPort(names.Tap(_state.Name, nic.Id)));
    }

    private async Task PowerdownAsync(CancellationToken cancellationToken)
    {
        // A guest whose agent answers may not listen to its button yet, and then never hears of it.
        var ended = false;
        for (var presses = 0; presses < PowerdownPresses && !ended; presses++)
        {
            await _qmp.ExecuteAsync(RunStateCommands.SystemPowerdown, cancellationToken);
            ended = await EndsWithinAsync(PowerdownTimeout / PowerdownPresses, cancellationToken);
        }

        if (!ended)
        {
            var rest = _state.Definition is AttachedVm ? "It may have no ACPI, or be busy." : "Stop ends it in any case.";
            throw new VmConflictException($"The guest has not reacted to its power button within {PowerdownTimeout.TotalSeconds:0} s. {rest}");
        }
    }

    private async Task StopAsync(IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (_state.Process is VmProcessState.Starting && _startOperation is { } starting && _services.Operations.Cancel(starting))
        {
            await _services.Operations.WaitAsync(starting, cancellationToken);
            return;
        }

        if (_state.RunState == RunState.Running)
        {
            await _qmp.ExecuteAsync(RunStateCommands.SystemPowerdown, cancellationToken);
            progress.Report(0.1);
            if (await EndsWithinAsync(PolitePowerdownTimeout, cancellationToken))
            {
                return;
            }
        }

        progress.Report(0.7);
        try
        {
            await _qmp.ExecuteAsync(RunStateCommands.Quit, cancellationToken);
        }
        catch (QmpException)
        {
            // It may be deaf, or gone already: what counts is whether the process ends.
        }

        if (!await EndsWithinAsync(QuitTimeout, cancellationToken))
        {
            progress.Report(0.9);
            await KillAsync(cancellationToken);
        }
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        if (_startOperation is { } starting)
        {
            _services.Operations.Cancel(starting);
            await _services.Operations.WaitAsync(starting, cancellationToken);
        }

        await EndProcessAsync(cancellationToken);
    }

    private async Task EndProcessAsync(CancellationToken cancellationToken)
    {
        if (_process is { } process)
        {
            _endExpected = true;
            NoteEnd(process.Note);
            process.Kill();
            _lookAtProcess.Give();
            await WaitUntilAsync(s => s.Process is VmProcessState.Exited or VmProcessState.Off, cancellationToken);
        }
    }

    /// <summary>Of someone else's QEMU, which may stay after its guest has shut down, or be gone without a trace.</summary>
    private static bool HasEnded(VmState state) => state.Process is VmProcessState.Exited or VmProcessState.Off
        || (state.Process is VmProcessState.Foreign && (state.Connection is not QmpLinkState.Connected || state.RunState == RunState.Shutdown));

    private async Task<bool> EndsWithinAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(atMost);
        try
        {
            await WaitUntilAsync(HasEnded, timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

using LabNet.Core.Consoles;
using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Vms;

/// <summary>
/// One VM: the only writer of its state, the only door to its QEMU and its guest. A VM outlives its session: disposing it, or losing it,
/// leaves QEMU as it is, and the next session adopts it.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class VmSession : IAsyncDisposable
{
    private readonly VmServices _services;
    private readonly Lab _lab;
    private readonly ILogger _logger;
    private readonly FeedSource _source;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _sync = new();
    private readonly QmpSession _qmp;
    private readonly GuestAgentClient _agent;
    private readonly SerialConsole _console;
    private readonly Nudge _askAgent = new();
    private readonly Nudge _lookAtProcess = new();
    private VmState _state;
    private QemuProcess? _process;
    private object? _connection;
    private bool _endExpected;
    private Task _loops = Task.CompletedTask;

    public VmSession(Lab lab, LabVm vm, VmServices services)
    {
        _lab = lab;
        _services = services;
        _logger = services.Loggers.CreateLogger<VmSession>();
        _source = new FeedSource(vm.Name.ToString());
        _state = new VmState(vm);
        Paths = services.Host.PathsOf(vm.Name);
        var attached = vm as AttachedVm;
        var qmpOptions = attached is null ? services.Qmp : services.Qmp with { ReconnectDelayMax = AttachedReconnectDelayMax };
        _qmp = new QmpSession(OpenQmpAsync, qmpOptions, services.Time, services.Loggers.CreateLogger<QmpSession>());
        _metricsQmp = attached is null
            ? new QmpSession(ct => OpenAsync(Paths.MetricsSocket, ct), services.Qmp, services.Time, services.Loggers.CreateLogger<QmpSession>())
            : null;
        _agent = new GuestAgentClient(ct => OpenAsync(attached is null ? Paths.AgentSocket : attached.AgentSocket, ct), services.Time);
        _console = new SerialConsole(
            ct => OpenAsync(attached is null ? Paths.ConsoleSocket : attached.ConsoleSocket, ct), Path.Join(Paths.Folder, "console.log"), services.Time);
        _guestProcesses = NewReading<GuestProcesses>();
        _guestInfo = NewReading<GuestInfo>();
        _guestInterfaces = NewReading<GuestNetworkInterface[]>();
        _guestInterrupts = NewReading<IReadOnlyList<GuestInterrupt>>();
        _guestUptime = NewReading<object>();
        _guestVitals = NewReading<GuestVitals>();
        _guestPci = NewReading<IReadOnlyList<GuestPciFunction>>();
    }

    public VmState State => _state;

    /// <summary>The VM's folder and the sockets in it; one of them is left free for the user's own QMP client.</summary>
    public VmPaths Paths { get; }

    private string CommandNote => Path.Join(Paths.Folder, "command");

    private string AcceleratorNote => Path.Join(Paths.Folder, "accelerator");

    /// <summary>Adopts the QEMU that runs already, if one does, and begins to listen.</summary>
    public void Open()
    {
        _services.Feed.Publish(_source, new VmChanged(_state));
        if (_state.Definition is AttachedVm attached)
        {
            OpenAttached(attached);
            ReadPlugged();
        }
        else if (QemuProcess.ReadFrom(Paths) is { IsAlive: true } process)
        {
            _process = process;
            LogAdopted(_state.Name, process.Pid);
            Apply(new VmEvent.ProcessFound(process.Pid, process.StartedAt, Adopted: true));
            _console.TellAway();
            ReadPlugged();
        }
        else if (QemuProcess.ReadFrom(Paths) is { } gone)
        {
            TellMissedEnd(gone);
        }

        ReadTraceSwitches();
        _qmp.Start();
        _metricsQmp?.Start();
        var stopping = _stopping.Token;
        _loops = Task.WhenAll(
            Task.Run(() => KeepUpAsync(SignalLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(MetricsLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(HistogramsLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(ReadStateAnewLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(ProcessLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(AgentLoopAsync, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(HasConsole ? _console.RunLoopAsync : _ => Task.CompletedTask, stopping), CancellationToken.None),
            Task.Run(() => KeepUpAsync(ConsoleSizeLoopAsync, stopping), CancellationToken.None));
    }

    /// <summary>Runs a program in the guest for the actor (operator).</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="GuestAgentException"/>
    public async Task<GuestExecResult> ExecAsync(GuestProgram program, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, Role.Operator, "guest-exec", string.Join(' ', [program.Path, .. program.Arguments]), cancellationToken);
        return await RunInGuestAsync(program, cancellationToken);
    }

    /// <summary>Runs a program in the guest for LabNet's own measuring; not audited.</summary>
    /// <exception cref="GuestAgentException"/>
    internal Task<GuestExecResult> RunInGuestAsync(GuestProgram program, CancellationToken cancellationToken) =>
        WhyGuestCannotAnswer() is { } whyNot ? throw whyNot : _agent.RunAsync(program, _services.Time, cancellationToken);

    /// <summary>The arguments that QEMU was started with last; empty if it never was.</summary>
    public IReadOnlyList<string> ReadCommandLine() => File.Exists(CommandNote) ? File.ReadAllLines(CommandNote) : [];

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _qmp.DisposeAsync();
        if (_metricsQmp is not null)
        {
            await _metricsQmp.DisposeAsync();
        }

        await _loops;
        await _console.DisposeAsync();
        await EndGuestReadingsAsync();
        await _agent.DisposeAsync();
        _askAgent.Dispose();
        _lookAtProcess.Dispose();
        _sizeConsole.Dispose();
        _readStateAnew.Dispose();
        _disksCame.Dispose();
        _readingState.Dispose();
        _changingDevices.Dispose();
        _switchingTraces.Dispose();
        _stopping.Dispose();
    }

    private ValueTask<Stream> OpenQmpAsync(CancellationToken cancellationToken) => _state.Definition is AttachedVm attached
        ? _services.Host.OpenQmpAsync(attached.Qmp, cancellationToken)
        : OpenAsync(Paths.ControlSocket, cancellationToken);

    private ValueTask<Stream> OpenAsync(string? socket, CancellationToken cancellationToken) =>
        socket is null ? throw new IOException($"The lab file names no such socket for {_state.Name}.")
        : _process is null && _state.Definition is StartedVm ? throw new IOException($"{_state.Name} is not running.")
        : _services.Host.OpenSocketAsync(socket, cancellationToken);

    /// <returns>The number of the audit log's line.</returns>
    private async Task<long> AuthorizeAsync(Actor actor, Role required, string action, string? detail, CancellationToken cancellationToken)
    {
        try
        {
            actor.Require(required, action);
        }
        catch (ForbiddenException)
        {
            await _services.Audit.WriteAsync(actor, action, _state.Name, detail, "forbidden", cancellationToken);
            throw;
        }

        return await _services.Audit.WriteAsync(actor, action, _state.Name, detail, "accepted", cancellationToken);
    }

    private void Apply(VmEvent vmEvent)
    {
        lock (_sync)
        {
            var (before, next) = (_state, VmReducer.Apply(_state, vmEvent));
            if (next != before)
            {
                _state = next;
                _services.Feed.Publish(_source, new VmChanged(next));
            }

            foreach (var note in VmNotes.Of(before, vmEvent, next))
            {
                _services.Feed.Publish(_source, new VmHappened(note));
            }
        }
    }

    /// <summary>Ends when the state is as wished; looks at the present one first.</summary>
    internal async Task<VmState> WaitUntilAsync(Func<VmState, bool> wished, CancellationToken cancellationToken)
    {
        using var changes = _services.Feed.Subscribe(record => record.Source == _source && record.Item is VmChanged);
        var states = changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(cancellationToken)).Select(r => r.Item).OfType<VmChanged>();
        return (await states.FirstAsync(changed => wished(changed.State), cancellationToken)).State;
    }

    [LoggerMessage(2101, LogLevel.Information, "{Vm}: adopted QEMU process {Pid}")]
    private partial void LogAdopted(VmName vm, int pid);

    [LoggerMessage(2105, LogLevel.Warning, "{Vm}: what is plugged in could not be written down: {Problem}")]
    private partial void LogNotKept(VmName vm, string problem);
}

using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Faults;

/// <summary>
/// One VM's faults. Each is written down before QEMU is asked for it, comes into force and is lifted at its own absolute time, and is lifted by
/// whichever LabNet is there then.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class VmFaults : IAsyncDisposable
{
    /// <summary>To come and in force: enough for any plan, and a bound for who only asks.</summary>
    public const int OpenMax = 256;

    /// <summary>A LabNet that ends waits no longer for a QEMU.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    private readonly FaultStore _store;
    private readonly LinkImpairments? _links;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FeedSource _source;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _sync = new();
    private readonly Dictionary<FaultId, FaultRun> _open = [];
    private Task _watching = Task.CompletedTask;

    internal VmFaults(VmSession vm, FaultStore store, LinkImpairments? links, LiveFeed feed, TimeProvider time, ILogger logger)
    {
        (Vm, _store, _links, _feed, _time, _logger) = (vm, store, links, feed, time, logger);
        _source = new FeedSource(vm.State.Name.ToString());
    }

    public VmSession Vm { get; }

    /// <summary>Those that are in force, by the time of their start.</summary>
    public IReadOnlyList<Fault> InForce => [.. Open.Where(fault => fault.State == FaultState.Active)];

    /// <summary>Those that are in force or to come, by their time.</summary>
    public IReadOnlyList<Fault> Open
    {
        get
        {
            lock (_sync)
            {
                return [.. _open.Values.Select(run => run.Fault).OrderBy(fault => fault.StartedAt ?? fault.PlannedAt)];
            }
        }
    }

    /// <summary>Puts a fault in force; answers when it is, or when it failed. One that is cancelled meanwhile is in force at its time all the same.</summary>
    /// <param name="duration">Zero of a momentary one.</param>
    /// <param name="at">When; null for now. A fault that is late ends at its time all the same.</param>
    /// <param name="run">The chaos run that it belongs to; null for none.</param>
    /// <exception cref="ArgumentException">The fault is none, or its time or duration is out of its bounds.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">It cannot be done here, another one holds what this one needs, or a snapshot is under way; nothing was touched.</exception>
    /// <exception cref="Qmp.QmpException">QEMU cannot be asked; nothing was touched.</exception>
    /// <exception cref="DatabaseException">It could not be written down, so nothing was touched.</exception>
    public async Task<Fault> InjectAsync(FaultSpec spec, TimeSpan duration, DateTimeOffset? at, string? run, Actor actor, CancellationToken cancellationToken) =>
        await (await AddAsync(spec, duration, at, run, actor, cancellationToken)).Begun.Task.WaitAsync(cancellationToken);

    /// <summary>Plans a fault; answers when it is written down.</summary>
    /// <inheritdoc cref="InjectAsync"/>
    public async Task<Fault> PlanAsync(FaultSpec spec, TimeSpan duration, DateTimeOffset? at, string? run, Actor actor, CancellationToken cancellationToken) =>
        (await AddAsync(spec, duration, at, run, actor, cancellationToken)).Fault;

    /// <summary>Lifts a fault before its time, or lets one that is planned not come; answers when nothing is left of it. One that is over stays as it is.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">The VM had no such fault, or QEMU does not let it be lifted; then it is tried on.</exception>
    /// <exception cref="DatabaseException">It could not be written down who asked for it.</exception>
    public async Task<Fault> LiftAsync(FaultId id, FaultEnd why, Actor actor, CancellationToken cancellationToken)
    {
        await Vm.AllowAsync("fault-lift", id.Text, actor, cancellationToken);
        FaultRun? run;
        lock (_sync)
        {
            run = _open.GetValueOrDefault(id);
        }

        if (run is null)
        {
            return _store.Find(id) is { } over && over.Vm == Vm.State.Name ? over : throw new VmConflictException($"{Vm.State.Name} has no fault {id}.");
        }

        run.End(why);
        await Task.WhenAny(run.Ended.Task, run.Trouble.Task).WaitAsync(cancellationToken);
        return run.Ended.Task.IsCompleted ? await run.Ended.Task : throw new VmConflictException(await run.Trouble.Task);
    }

    /// <summary>Reads what an earlier LabNet left, and goes on with it.</summary>
    internal void Start()
    {
        Vm.LiftFaults = LiftBarringAsync;
        foreach (var fault in ReadLeft())
        {
            var run = new FaultRun(fault, Injector.Of(fault.Spec, Vm, _links, _time));
            lock (_sync)
            {
                _open.Add(fault.Id, run);
            }

            run.Task = Task.Run(() => OwnAsync(run, TakeOverAsync), CancellationToken.None);
        }

        var changes = _feed.Subscribe(record => record.Source == _source && record.Item is VmChanged);
        _watching = Task.Run(() => WatchLoopAsync(changes, _stopping.Token), CancellationToken.None);
    }

    /// <summary>Leaves what is in force as it is: the next LabNet goes on. A vCPU that stands still goes on at once, because it is not known when that is.</summary>
    public async ValueTask DisposeAsync()
    {
        Vm.LiftFaults = null;
        await Task.WhenAny(Task.WhenAll(EndVcpuPauses()), Task.Delay(LastPatience, _time));
        await _stopping.CancelAsync();
        await _watching;
        List<FaultRun> left;
        lock (_sync)
        {
            left = [.. _open.Values];
        }

        await Task.WhenAll(left.Select(run => run.Task));
        _stopping.Dispose();
    }

    private List<Task<Fault>> EndVcpuPauses()
    {
        List<FaultRun> held;
        lock (_sync)
        {
            held = [.. _open.Values.Where(run => run.Fault is { State: FaultState.Active, Spec: VcpuPauseFault })];
        }

        held.ForEach(run => run.End(FaultEnd.Restarted));
        return [.. held.Select(run => run.Ended.Task)];
    }

    private IReadOnlyList<Fault> ReadLeft()
    {
        try
        {
            return _store.ReadOpen(Vm.State.Name);
        }
        catch (Exception e) when (e is DatabaseException or System.Text.Json.JsonException)
        {
            LogNotRead(Vm.State.Name, e.Message);
            return [];
        }
    }

    private async Task<FaultRun> AddAsync(FaultSpec spec, TimeSpan duration, DateTimeOffset? at, string? chaosRun, Actor actor, CancellationToken cancellationToken)
    {
        ThrowIfMistaken(spec, duration, at);
        var detail = spec.IsMomentary ? spec.Text : string.Create(CultureInfo.InvariantCulture, $"{spec.Text}, for {duration.TotalSeconds:0.###} s");
        await Vm.AllowAsync("fault", at is { } when ? $"{detail}, at {when.UtcDateTime:O}" : detail, actor, cancellationToken);
        var planned = at ?? _time.GetUtcNow();
        var fault = new Fault(
            FaultId.New(), Vm.State.Name, spec, FaultState.Planned, planned, StartedAt: null, spec.IsMomentary ? null : planned + duration, LiftedAt: null,
            EffectSeen: false, Evidence: null, End: null, Problem: null, actor.Name, chaosRun, Process: "");
        var run = new FaultRun(fault, Injector.Of(spec, Vm, _links, _time));
        Reserve(run);
        try
        {
            if (planned - _time.GetUtcNow() <= Lead)
            {
                await UntilOthersAreOverAsync(run.Fault, cancellationToken);
                await PrepareAsync(run, cancellationToken);
            }

            await _store.SaveAsync(run.Fault, CancellationToken.None);
        }
        catch
        {
            Forget(run);
            throw;
        }

        run.Task = Task.Run(() => OwnAsync(run, RunAsync), CancellationToken.None);
        return run;
    }

    private void ThrowIfMistaken(FaultSpec spec, TimeSpan duration, DateTimeOffset? at)
    {
        if ((spec.Mistake ?? FaultJson.MistakeOfDuration(spec, duration)) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(spec));
        }

        if (at - _time.GetUtcNow() > FaultLimits.AheadMax)
        {
            throw new ArgumentException($"at: that is more than {FaultLimits.AheadMax.TotalHours:0} h ahead.", nameof(at));
        }
    }

    /// <summary>Two faults that hold the same thing at the same time exclude each other.</summary>
    private void Reserve(FaultRun run)
    {
        var fault = run.Fault;
        var wanted = fault.Spec.Holds(Vm.State.Definition).ToHashSet(StringComparer.Ordinal);
        lock (_sync)
        {
            if (_open.Count >= OpenMax)
            {
                throw new VmConflictException($"{fault.Vm} has {OpenMax} faults to come or in force already.");
            }

            foreach (var other in _open.Values.Select(one => one.Fault).Where(one => one.IsOpen))
            {
                if (other.PlannedAt < fault.EndsAt && fault.PlannedAt < other.EndsAt && wanted.Overlaps(other.Spec.Holds(Vm.State.Definition)))
                {
                    var when = string.Create(CultureInfo.InvariantCulture, $"{(other.State == FaultState.Active ? "until" : "from")} {(other.State == FaultState.Active ? other.EndsAt : other.PlannedAt):HH:mm:ss.fff} UTC");
                    throw new VmConflictException($"{fault.Vm} has a fault that holds the same, {when}: {other.Spec.Text} ({other.Id}). Lift it first, or wait.");
                }
            }

            _open.Add(fault.Id, run);
        }
    }

    private void Forget(FaultRun run)
    {
        lock (_sync)
        {
            _open.Remove(run.Fault.Id);
        }

        run.Dispose();
    }

    private async Task LiftBarringAsync(Actor actor, CancellationToken cancellationToken)
    {
        foreach (var fault in InForce.Where(fault => fault.Spec.BarsSnapshots))
        {
            await LiftAsync(fault.Id, FaultEnd.SnapshotTaken, actor, cancellationToken);
        }
    }

    [LoggerMessage(4201, LogLevel.Error, "{Vm}: its faults could not be read: {Problem}")]
    private partial void LogNotRead(Labs.VmName vm, string problem);

    [LoggerMessage(4202, LogLevel.Error, "{Vm}: what became of fault {Fault} could not be written down: {Problem}")]
    private partial void LogNotKept(Labs.VmName vm, FaultId fault, string problem);

    [LoggerMessage(4203, LogLevel.Error, "{Vm}: fault {Fault} met a fault of LabNet's own")]
    private partial void LogFault(Exception exception, Labs.VmName vm, FaultId fault);
}

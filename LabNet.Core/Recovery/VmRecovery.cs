using System.Threading.Channels;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Recovery;

/// <summary>
/// Watches one VM for crashes, keeps what is known of each, and brings the VM back as its policy says: one crash after the other, never two at
/// a time. Who starts or restores the VM meanwhile has it.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class VmRecovery : IAsyncDisposable
{
    public const string OperationKind = "recover";

    /// <summary>In whose name VMs are brought back.</summary>
    internal static readonly Actor Actor = Actor.LabNet with { Origin = "recovery" };

    /// <summary>A VM that crashes faster than that waits in QEMU's own state.</summary>
    private const int SignsWaitingMax = 16;

    private readonly VmSnapshots _snapshots;
    private readonly RecoveryStore _store;
    private readonly EvidenceReader _evidence;
    private readonly OperationRegistry _operations;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FeedSource _source;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<CrashSign> _signs = Channel.CreateBounded<CrashSign>(new BoundedChannelOptions(SignsWaitingMax) { SingleReader = true });
    private readonly SemaphoreSlim _keeping = new(1, 1);
    private RecoveryStanding _standing = RecoveryStanding.AtFirst;
    private Task _loops = Task.CompletedTask;

    internal VmRecovery(
        VmSession vm, VmSnapshots snapshots, RecoveryStore store, EvidenceReader evidence, OperationRegistry operations, LiveFeed feed, TimeProvider time, ILogger logger)
    {
        (Vm, _snapshots, _store, _evidence, _operations, _feed, _time, _logger) = (vm, snapshots, store, evidence, operations, feed, time, logger);
        _source = new FeedSource(vm.State.Name.ToString());
    }

    public VmSession Vm { get; }

    public RecoveryStanding Standing => Volatile.Read(ref _standing);

    /// <summary>Why this VM cannot be brought back, whatever the policy; null if it can.</summary>
    public string? WhyOnlyNone => Vm.State.Definition is AttachedVm
        ? $"LabNet did not start {Vm.State.Name}, so it cannot start it again: only the policy none is possible. A panic is written down all the same."
        : null;

    /// <summary>Whether a crash that happened while LabNet was not there is about to be dealt with; nobody else needs to start the VM then.</summary>
    public bool BringsBack { get; private set; }

    /// <summary>What is wrong with the policy for this VM, with what is allowed; null if nothing is.</summary>
    public string? MistakeOf(RecoveryPolicy policy) => policy switch
    {
        { Action: not RecoveryAction.None } when WhyOnlyNone is { } why => $"policy: {why}",
        { Action: RecoveryAction.Restore, Snapshot: var name } when _snapshots.Tree.FindByWord(name!) is not { IsThere: true } =>
            $"policy: there is no snapshot \"{name}\"; there {Listed([.. _snapshots.Tree.There.Select(one => one.Name)])}.",
        _ => policy.Mistake(),
    };

    /// <summary>Sets what is done from now on, and closes the breaker.</summary>
    /// <exception cref="ArgumentException">There is a <see cref="MistakeOf"/> it.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="DatabaseException">Nothing was changed.</exception>
    public async Task SetAsync(RecoveryPolicy policy, Actor actor, CancellationToken cancellationToken)
    {
        if (MistakeOf(policy) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(policy));
        }

        await Vm.AllowAsync("recovery-policy", policy.Text, actor, cancellationToken);
        await KeepAsync(_ => new RecoveryStanding(policy, RecoveryBreaker.Closed), cancellationToken);
    }

    /// <summary>Forgets an incident that is over, with its evidence and its memory dump.</summary>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="VmConflictException">It goes on.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task DeleteAsync(Incident incident, Actor actor, CancellationToken cancellationToken)
    {
        if (incident.IsOpen)
        {
            throw new VmConflictException($"The incident {incident.Id} goes on: {incident.Vm} is being brought back.");
        }

        await Vm.AllowAsync("incident-delete", $"{incident.Kind.Word()} ({incident.Id})", actor, cancellationToken);
        await _store.DeleteAsync(incident.Id, CancellationToken.None);
        MemoryDumps.Delete(Vm, incident.Id);
    }

    /// <summary>Begins to watch, and goes on with what an earlier LabNet left. After the VMs are opened.</summary>
    internal void Start()
    {
        Incident? left = null;
        try
        {
            Show(_store.FindStanding(Vm.State.Name));
            left = _store.FindNewest(Vm.State.Name);
        }
        catch (Exception e) when (e is DatabaseException or System.Text.Json.JsonException)
        {
            LogNotRead(Vm.State.Name, e.Message);
        }

        var (policy, breaker) = (Standing.Policy, Standing.Breaker);
        var isDown = Vm.State.Process is VmProcessState.Exited { Expected: false } || (left is { IsOpen: true } && Vm.State.Process is VmProcessState.Off);
        BringsBack = isDown && policy.Action != RecoveryAction.None && !breaker.IsOpen;
        var watching = _feed.Subscribe(record => record.Source == _source && record.Item is VmChanged or OperationChanged);
        _loops = Task.WhenAll(
            Task.Run(() => OwnAsync(WatchLoopAsync(watching, _stopping.Token)), CancellationToken.None),
            Task.Run(() => OwnAsync(HangLoopAsync(_stopping.Token)), CancellationToken.None),
            Task.Run(() => OwnAsync(HandleLoopAsync(left, _stopping.Token)), CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loops;
        _keeping.Dispose();
        _stopping.Dispose();
    }

    private async Task OwnAsync(Task loop)
    {
        try
        {
            await loop;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            LogFault(e, Vm.State.Name);
        }
    }

    private async Task WatchLoopAsync(FeedSubscription watching, CancellationToken cancellationToken)
    {
        var watch = new CrashWatch();
        using (watching)
        {
            await foreach (var record in watching.Snapshot.ToAsyncEnumerable().Concat(watching.ReadAllAsync(cancellationToken)))
            {
                switch (record.Item)
                {
                    case VmChanged { State: var state } when watch.See(state, _time.GetUtcNow()) is { } sign:
                        await _signs.Writer.WriteAsync(sign, cancellationToken);
                        break;
                    case OperationChanged { Operation: { Kind: "start" or "restore", State: OperationState.Running, Progress: null } operation } when operation.ActorName != Actor.Name:
                        await CloseBreakerAsync(cancellationToken);
                        break;
                }
            }
        }
    }

    /// <summary>Whoever starts the VM trusts it again.</summary>
    private async Task CloseBreakerAsync(CancellationToken cancellationToken)
    {
        try
        {
            await KeepAsync(standing => standing with { Breaker = RecoveryBreaker.Closed }, cancellationToken);
        }
        catch (DatabaseException e)
        {
            LogNotKept(Vm.State.Name, e.Message);
        }
    }

    /// <exception cref="DatabaseException">Nothing was changed.</exception>
    private async Task KeepAsync(Func<RecoveryStanding, RecoveryStanding> change, CancellationToken cancellationToken)
    {
        await _keeping.WaitAsync(cancellationToken);
        try
        {
            var next = change(Standing);
            if (next != Standing)
            {
                await _store.SaveStandingAsync(Vm.State.Name, next, cancellationToken);
                Show(next);
            }
        }
        finally
        {
            _keeping.Release();
        }
    }

    private void Show(RecoveryStanding standing)
    {
        Volatile.Write(ref _standing, standing);
        _feed.Publish(_source, new RecoveryChanged(standing));
    }

    private static string Listed(IReadOnlyList<string> names) => names.Count == 0 ? "is none" : $"are {string.Join(", ", names.Select(name => $"\"{name}\""))}";

    [LoggerMessage(4101, LogLevel.Error, "{Vm}: its recovery policy and incidents could not be read: {Problem}")]
    private partial void LogNotRead(VmName vm, string problem);

    [LoggerMessage(4102, LogLevel.Error, "{Vm}: what is known of its recovery could not be written down: {Problem}")]
    private partial void LogNotKept(VmName vm, string problem);

    [LoggerMessage(4103, LogLevel.Error, "{Vm}: a crash could not be dealt with by a fault of LabNet")]
    private partial void LogFault(Exception fault, VmName vm);
}

using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class OperationTests : IAsyncDisposable
{
    private const int Hang = 30_000;

    private static readonly Actor Alice = new("alice", Role.Operator, "test");
    private static readonly VmName Box = VmName.Parse("box");

    private readonly TestFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly LiveFeed _feed;
    private Database _database;
    private OperationRegistry _operations;

    public OperationTests()
    {
        _feed = new LiveFeed(_time);
        (_database, _operations) = Open();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _operations.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = Hang)]
    public async Task An_operation_is_told_from_its_beginning_to_its_end_and_found_after_reopening()
    {
        using var told = _feed.Subscribe();
        var release = new TaskCompletionSource();
        var begun = _operations.Begin("pause", Box, Alice, async (progress, _) =>
        {
            progress.Report(0.5);
            progress.Report(7);
            await release.Task;
        });
        Assert.Equal((OperationState.Running, "pause", Box, "alice", _time.GetUtcNow()), (begun.State, begun.Kind, begun.Vm, begun.ActorName, begun.StartedAt));
        Assert.Equal(OperationState.Running, _operations.Find(begun.Id)!.State);
        release.SetResult();
        var ended = await _operations.WaitAsync(begun.Id, Cancellation);
        Assert.Equal(begun with { State = OperationState.Succeeded, Progress = 1, EndedAt = _time.GetUtcNow() }, ended);
        told.Dispose();
        var progresses = told.ReadAllAsync(Cancellation).Select(record => ((OperationChanged)record.Item).Operation);
        Assert.Equal([(null, OperationState.Running), (0.5, OperationState.Running), (1.0, OperationState.Running), (1.0, OperationState.Succeeded)],
            await progresses.Select(operation => (operation.Progress, operation.State)).ToListAsync(Cancellation));

        await ReopenAsync();
        Assert.Equal(ended, _operations.Find(begun.Id));
        Assert.Equal(ended, await _operations.WaitAsync(begun.Id, Cancellation));
        Assert.Null(_operations.Find("nosuch"));
        Assert.False(_operations.Cancel(begun.Id));
    }

    [Fact(Timeout = Hang)]
    public async Task A_failed_operation_says_why()
    {
        var begun = _operations.Begin("start", vm: null, Alice, (_, _) => throw new InvalidOperationException("The disk is full."));
        var ended = await _operations.WaitAsync(begun.Id, Cancellation);
        Assert.Equal((OperationState.Failed, "The disk is full.", null), (ended!.State, ended.Error, ended.Vm));
        Assert.Equal(ended, _operations.Find(begun.Id));
    }

    [Fact(Timeout = Hang)]
    public async Task A_cancelled_operation_is_cancelled_and_one_that_gave_up_by_itself_has_failed()
    {
        var begun = _operations.Begin("start", Box, Alice, static (_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        Assert.True(_operations.Cancel(begun.Id));
        Assert.Equal(OperationState.Cancelled, (await _operations.WaitAsync(begun.Id, Cancellation))!.State);
        var other = _operations.Begin("start", Box, Alice, static (_, _) => throw new OperationCanceledException());
        Assert.Equal(OperationState.Failed, (await _operations.WaitAsync(other.Id, Cancellation))!.State);
    }

    [Fact(Timeout = Hang)]
    public async Task Who_waits_for_an_operation_can_give_up_and_it_goes_on()
    {
        var release = new TaskCompletionSource();
        var begun = _operations.Begin("start", Box, Alice, (_, _) => release.Task);
        using var cancellation = new CancellationTokenSource();
        var waiting = _operations.WaitAsync(begun.Id, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        release.SetResult();
        Assert.Equal(OperationState.Succeeded, (await _operations.WaitAsync(begun.Id, Cancellation))!.State);
    }

    [Fact(Timeout = Hang)]
    public async Task What_an_earlier_LabNet_left_running_is_closed_as_failed_and_old_ones_go()
    {
        var store = new OperationStore(_database, _time);
        var abandoned = new Operation("a", "start", Box, "alice", OperationState.Running, 0.25, _time.GetUtcNow(), EndedAt: null, Error: null) { Detail = "d1" };
        await store.SaveAsync(abandoned, Cancellation);
        var old = abandoned with { Id = "b", State = OperationState.Succeeded, EndedAt = _time.GetUtcNow() };
        await store.SaveAsync(old, Cancellation);
        await store.CloseAbandonedAsync(Cancellation);
        Assert.Equal(abandoned with { State = OperationState.Failed, EndedAt = _time.GetUtcNow(), Error = "LabNet ended before this did." }, store.Find("a"));
        Assert.Equal(old, store.Find("b"));
        _time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromTicks(1));
        await store.CloseAbandonedAsync(Cancellation);
        Assert.Null(store.Find("a"));
        Assert.Null(store.Find("b"));
    }

    [Fact(Timeout = Hang)]
    public async Task Closing_cancels_what_runs_and_waits_for_it()
    {
        var begun = _operations.Begin("start", Box, Alice, static (_, token) => new TaskCompletionSource().Task.WaitAsync(token));
        await ReopenAsync();
        Assert.Equal(OperationState.Cancelled, _operations.Find(begun.Id)!.State);
    }

    [Fact(Timeout = Hang)]
    public async Task The_audit_log_keeps_who_did_what_when_and_how_it_went()
    {
        var audit = new AuditLog(_database, new LiveFeed(_time), _time);
        await audit.WriteAsync(Alice, "guest-exec", Box, "sh -c '; DROP TABLE audit; --'", "accepted", Cancellation);
        await audit.WriteAsync(Actor.LabNet, "apply", vm: null, detail: null, "forbidden", Cancellation);
        using var reader = _database.OpenReader();
        var lines = reader.Query<(long, string, string, string, string, string?, string?, string)>(
            "SELECT time_ns, actor, role, origin, action, vm, detail, result FROM audit ORDER BY seq");
        Assert.Equal(
            [
                (_time.GetUnixTimeNs(), "alice", "operator", "test", "guest-exec", "box", "sh -c '; DROP TABLE audit; --'", "accepted"),
                (_time.GetUnixTimeNs(), "(labnet)", "admin", "start-up", "apply", null, null, "forbidden"),
            ],
            lines);
    }

    private (Database, OperationRegistry) Open()
    {
        var database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        return (database, new OperationRegistry(new OperationStore(database, _time), _feed, _time, NullLogger<OperationRegistry>.Instance));
    }

    private async Task ReopenAsync()
    {
        await _operations.DisposeAsync();
        await _database.DisposeAsync();
        (_database, _operations) = Open();
    }
}

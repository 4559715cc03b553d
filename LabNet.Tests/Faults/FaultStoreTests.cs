using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Faults;

[Trait("suite", "unit")]
public sealed class FaultStoreTests : IAsyncLifetime
{
    private static readonly DateTimeOffset At = new(2026, 11, 22, 10, 0, 0, 123, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private Database _database = null!;
    private FaultStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        _store = new FaultStore(_database);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_fault_is_read_as_it_was_written_and_is_open_until_it_is_over()
    {
        var spec = new LinkImpairFault(new NicId(1), new Impairment(20, null, 1.5, null, null, null), ImpairDirection.In);
        var planned = Sample(spec, At) with { Before = "what was", IsPrepared = true, Process = "7 8 9", Run = "r1" };
        await _store.SaveAsync(planned, Cancellation);
        Assert.Equal(planned, Assert.Single(_store.ReadOpen(planned.Vm)));
        Assert.Equal(planned, _store.Find(planned.Id));
        Assert.Empty(_store.ReadOpen(VmName.Parse("arm")));

        var lifted = planned with { State = FaultState.Lifted, StartedAt = At, LiftedAt = At.AddSeconds(5), End = FaultEnd.SnapshotTaken, EffectSeen = true, Evidence = "seen" };
        await _store.SaveAsync(lifted, Cancellation);
        Assert.Empty(_store.ReadOpen(planned.Vm));
        Assert.Equal(lifted, Assert.Single(_store.Read(planned.Vm, limit: 10)));
        Assert.Null(_store.Find(FaultId.New()));
    }

    [Fact]
    public async Task Of_those_that_are_over_the_oldest_go_and_of_those_that_are_not_none()
    {
        var open = Sample(new PauseFault(), At.AddDays(-1));
        await _store.SaveAsync(open, Cancellation);
        await _database.WriteAsync(
            """
            WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < @count)
            INSERT INTO faults SELECT 'f-' || n, 'x86', @ns + n, 0, '{}' FROM numbers
            """,
            new { count = FaultStore.KeptMax, ns = At.ToUnixTimeNs() },
            Cancellation);
        var newest = Sample(new PauseFault(), At.AddDays(1)) with { State = FaultState.Lifted };
        await _store.SaveAsync(newest, Cancellation);
        Assert.Equal(open, Assert.Single(_store.ReadOpen(open.Vm)));
        Assert.Equal(newest, Assert.Single(_store.Read(open.Vm, limit: 1)));
        Assert.Equal(FaultStore.KeptMax + 2, _database.ReadExtent("SELECT count(*), min(planned_ns) FROM faults").Rows);
        await _store.SaveAsync(Sample(new PauseFault(), At.AddDays(2)) with { State = FaultState.Failed }, Cancellation);
        Assert.Equal(FaultStore.KeptMax + 2, _database.ReadExtent("SELECT count(*), min(planned_ns) FROM faults").Rows);
    }

    [Fact]
    public void A_fault_tells_the_history_when_it_comes_and_when_it_goes()
    {
        var active = Sample(new PauseFault(), At) with { State = FaultState.Active, StartedAt = At, EndsAt = At.AddSeconds(4) };
        Assert.Equal(
            ("fault", "injected", "Fault: the guest stands still, for 4 s.", (long?)At.ToUnixTimeNs()),
            (Note(active).Kind, Note(active).Name, Note(active).Text, Note(active).TimeNs));
        var lifted = active with { State = FaultState.Lifted, LiftedAt = At.AddSeconds(4), Evidence = "QEMU says that the guest is running." };
        Assert.Equal(("lifted", "The fault is over: the guest stands still. QEMU says that the guest is running."), (Note(lifted).Name, Note(lifted).Text));
        var failed = active with { State = FaultState.Failed, Problem = "box is off." };
        Assert.Equal(("failed", "The fault failed: the guest stands still. box is off."), (Note(failed).Name, Note(failed).Text));
        Assert.Null(new FaultChanged(active, IsTold: false).Note);
        Assert.Null(new FaultChanged(Sample(new PauseFault(), At)).Note);
    }

    private static EventNote Note(Fault fault) => new FaultChanged(fault).Note!;

    private static Fault Sample(FaultSpec spec, DateTimeOffset at) => new(
        FaultId.New(), VmName.Parse("x86"), spec, FaultState.Planned, at, null, at.AddSeconds(5), null, EffectSeen: false, null, null, null, "tester", null, Process: "");
}

using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class IoBenchmarkStoreTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Database _database;
    private readonly IoBenchmarkStore _store;

    public IoBenchmarkStoreTests()
    {
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        _store = new IoBenchmarkStore(_database, _time);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_run_is_kept_with_every_figure_of_its_repeats()
    {
        var run = SampleRuns.New("before <b>") with { UnderLoad = true };
        await _store.AddAsync(run, Cancellation);
        AssertSame(run, _store.Find(run.Id)!);

        var read = new IoFigures(1, 2, 3, 4, 5, 6, 7, 8, 9);
        var write = new IoFigures(11, 12, 13, 14, 15, 16, 17, 18, long.MaxValue);
        var first = new IoRepeat(1, SampleRuns.Start, SampleRuns.Start.AddTicks(1), "libaio", "fio-3.33", read, write, new HostIo(21, 22, 23, 24, 25, 26, 27, 28))
        {
            Traced = new TracedIo(31, 32, 33, 34, 35),
        };
        var second = first with { Number = 2, Engine = "psync", Read = null, Host = null, Traced = null };
        var third = second with { Number = 3, Read = read, Write = null };
        foreach (var repeat in (IoRepeat[])[second, first, third])
        {
            await _store.AddRepeatAsync(run.Id, repeat, Cancellation);
        }

        await _store.EndAsync(run.Id, OperationState.Failed, "QEMU is gone.", Cancellation);
        AssertSame(
            run with { State = OperationState.Failed, EndedAt = _time.GetUtcNow(), Error = "QEMU is gone.", Results = [first, second, third] }, _store.Find(run.Id)!);
        Assert.Null(_store.Find("none"));
    }

    [Fact]
    public async Task Runs_of_a_VM_come_newest_first_and_those_that_ended_can_go_with_their_repeats()
    {
        var old = SampleRuns.New("old") with { QemuVersion = null, Accelerator = null, Target = IoTarget.Disk };
        var recent = SampleRuns.New("new") with { StartedAt = SampleRuns.Start.AddSeconds(1) };
        var other = SampleRuns.New("other") with { Vm = VmName.Parse("arm") };
        foreach (var run in (IoBenchmark[])[old, recent, other])
        {
            await _store.AddAsync(run, Cancellation);
            await _store.AddRepeatAsync(run.Id, SampleRuns.Repeat(1, 100), Cancellation);
        }

        Assert.Equal(["new", "old"], _store.ReadOf(VmName.Parse("x86")).Select(run => run.Label));
        AssertSame(old with { Results = [SampleRuns.Repeat(1, 100)] }, _store.ReadOf(VmName.Parse("x86"))[1]);
        Assert.False(await _store.DeleteAsync(old.Id, Cancellation));
        await _store.EndAsync(old.Id, OperationState.Cancelled, error: null, Cancellation);
        Assert.True(await _store.DeleteAsync(old.Id, Cancellation));
        Assert.False(await _store.DeleteAsync(old.Id, Cancellation));
        using var reader = _database.OpenReader();
        Assert.Equal(2, Dapper.SqlMapper.ExecuteScalar<int>(reader, "SELECT count(*) FROM io_benchmark_repeats"));
    }

    [Fact]
    public async Task What_an_earlier_LabNet_left_running_has_failed_and_keeps_what_it_measured()
    {
        var run = SampleRuns.New("") with { Id = "a" };
        await _store.AddAsync(run, Cancellation);
        await _store.AddRepeatAsync("a", SampleRuns.Repeat(1, 100), Cancellation);
        await _store.CloseAbandonedAsync(Cancellation);
        var closed = _store.Find("a")!;
        Assert.Equal((OperationState.Failed, "LabNet ended before this did.", 1), (closed.State, closed.Error, closed.Results.Length));
    }

    [Fact]
    public async Task The_oldest_runs_go_when_there_are_too_many()
    {
        await _database.WriteAsync(
            (connection, transaction) => Dapper.SqlMapper.Execute(
                connection,
                """
                WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < @Max)
                INSERT INTO io_benchmarks (id, vm, device, device_type, guest_device, profile, target, label, seconds, repeats, actor, state, started_ns)
                SELECT 'run ' || n, 'x86', 'vda', 't', '/dev/vda', 'p', 'file', '', 1, 1, 'alice', iif(n = 1, 'running', 'succeeded'), n FROM number
                """,
                new { Max = IoBenchmarkStore.RunsMax },
                transaction),
            Cancellation);
        await _store.AddAsync(SampleRuns.New("newest"), Cancellation);
        await _store.AddAsync(SampleRuns.New("newest"), Cancellation);
        Assert.NotNull(_store.Find("run 1"));
        Assert.Null(_store.Find("run 2"));
        Assert.NotNull(_store.Find("run 3"));
        Assert.Equal(IoBenchmarkStore.RunsMax + 1, _store.ReadOf(VmName.Parse("x86")).Count);
    }

    private static void AssertSame(IoBenchmark expected, IoBenchmark actual)
    {
        Assert.Equal(expected with { Results = [] }, actual with { Results = [] });
        Assert.Equal(expected.Results, actual.Results);
    }
}

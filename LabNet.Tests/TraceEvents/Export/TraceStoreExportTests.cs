using System.Text;
using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using Microsoft.Extensions.Logging.Abstractions;
using static LabNet.Tests.TraceEvents.SampleEvents;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "unit")]
public sealed class TraceStoreExportTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RingWriter _ring = null!;
    private TraceStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _ring = new RingWriter(Database.Open(_folder.File("ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        _ring.Start();
        _store = new TraceStore(_ring);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Segments_come_one_after_the_other_oldest_first_and_as_the_newest_first_come_backwards()
    {
        await AppendAsync(X86, (1, 5), (6, 9), (10, 12));
        await AppendAsync(Arm, (2, 3));
        Assert.Equal([1, 5, 6, 9, 10, 12], await UsAsync(new TraceQuery(X86, int.MaxValue)));
        foreach (var query in (TraceQuery[])[
            new(X86, int.MaxValue), new(X86, int.MaxValue, FromNs: At(5)), new(X86, int.MaxValue, ToNs: At(9)), new(X86, int.MaxValue, At(6), At(10)),
            new(X86, int.MaxValue, Filter: Filter("event in (e1, e9)")), new(X86, int.MaxValue, Filter: Filter("event == none")),
            new(X86, int.MaxValue, BeforeSequence: 4), new(X86, int.MaxValue, At(100)), new(VmName.Parse("other"), int.MaxValue)])
        {
            Assert.Equal(_store.Read(query).Reverse().Select(traced => (traced.Sequence, traced.Type.Name)), (await ReadAsync(query)).Select(traced => (traced.Sequence, traced.Type.Name)));
        }

        Assert.Equal([1, 5, 6], await UsAsync(new TraceQuery(X86, 3)));
        Assert.Empty(await UsAsync(new TraceQuery(X86, 0)));
    }

    [Fact]
    public async Task What_comes_while_it_is_read_is_not_waited_for_and_what_goes_is_left_out()
    {
        await AppendAsync(X86, (1, 2), (3, 4), (5, 6));
        var us = new List<long>();
        await foreach (var traced in _store.ReadOldestFirstAsync(new TraceQuery(X86, int.MaxValue), Cancellation))
        {
            us.Add(UsOf(traced));
            if (us.Count == 1)
            {
                await AppendAsync(X86, (7, 8));
                await _ring.WriteAsync((connection, transaction) => connection.Execute("DELETE FROM trace_segments WHERE first_seq = 3", transaction: transaction), Cancellation);
                await _ring.FlushAsync(Cancellation);
            }
        }

        Assert.Equal([1, 2, 5, 6], us);
        Assert.Equal([1, 2, 5, 6, 7, 8], await UsAsync(new TraceQuery(X86, int.MaxValue)));
    }

    [Fact]
    public async Task A_download_that_waits_holds_no_read_open()
    {
        await AppendAsync(X86, (1, 2), (3, 4));
        await using var reading = _store.ReadOldestFirstAsync(new TraceQuery(X86, int.MaxValue), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await reading.MoveNextAsync());
        await AppendAsync(X86, (5, 6));
        using var other = _ring.Database.OpenReader();
        Assert.Equal(0, other.QuerySingle<(long Busy, long Log, long Checkpointed)>("PRAGMA wal_checkpoint(TRUNCATE)").Busy);
    }

    [Fact]
    public async Task Several_VMs_are_merged_by_time()
    {
        await AppendAsync(X86, (1, 4), (9, 10));
        await AppendAsync(Arm, (2, 3), (4, 11));
        var merged = await TraceMerge.ByTimeAsync(
            [.. new[] { X86, VmName.Parse("none"), Arm }.Select(vm => _store.ReadOldestFirstAsync(new TraceQuery(vm, int.MaxValue), Cancellation))], Cancellation).ToListAsync(Cancellation);
        Assert.Equal("x86 1, arm 2, arm 3, x86 4, arm 4, x86 9, x86 10, arm 11", string.Join(", ", merged.Select(traced => $"{traced.Vm} {UsOf(traced)}")));
    }

    [Fact]
    public async Task What_was_recorded_from_a_real_QEMU_is_exported_whole_in_each_format()
    {
        var log = File.ReadAllBytes(Repository.At("LabNet.Tests/Recordings/7.2-x86_64/trace-virtio_blk-timestamp.txt"));
        var builder = new TraceSegmentBuilder();
        var reader = new TraceLogReader(TraceCatalogue.Parse(
            """
            virtio_blk_handle_read(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
            virtio_blk_handle_write(void *vdev, void *req, uint64_t sector, size_t nsectors) "vdev %p req %p sector %"PRIu64" nsectors %zu"
            virtio_blk_req_complete(void *vdev, void *req, int status) "vdev %p req %p status %d"
            virtio_blk_rw_complete(void *vdev, void *req, int ret) "vdev %p req %p ret %d"
            """));
        Assert.Equal(log.Length, reader.Read(log, SampleEvents.StartNs, isEnd: true, builder));
        var count = builder.Count;
        await StoredTrace.AppendAsync(_ring, _store, X86, builder.Build());

        var events = await ReadAsync(new TraceQuery(X86, int.MaxValue));
        var trace = await PerfettoTrace.ReadAsync(await ExportAsync(TraceExportFormat.Perfetto, events));
        Assert.Equal(count, trace.Events.Count(e => e.Type == 3));
        Assert.Equal(events.Count(traced => traced.LatencyNs is not null), trace.Events.Count(e => e.Type < 3));
        Assert.Equal(count + 1, CsvReading.Read(Encoding.UTF8.GetString(await ExportAsync(TraceExportFormat.Csv, events))).Count);
        Assert.Equal(count, (await ExportAsync(TraceExportFormat.Ndjson, events)).Count(letter => letter == '\n'));
    }

    private static TraceFilter Filter(string text) => TraceFilter.TryParse(text, TraceCatalogue.Empty, out var filter, out var mistake) ? filter : throw new InvalidOperationException(mistake.ToString());

    private static long At(long us) => SampleEvents.StartNs + (us * 1000);

    private static long UsOf(TraceEvent traced) => (traced.TimeNs - SampleEvents.StartNs) / 1000;

    private async Task AppendAsync(VmName vm, params (int First, int Second)[] segments)
    {
        foreach (var (first, second) in segments)
        {
            var events = new[] { first, second }.Select(us => SampleEvents.At(us, TraceEventType.Untyped($"e{us}"), ["x"]));
            await StoredTrace.AppendAsync(_ring, _store, vm, [.. events]);
        }
    }

    private async Task<List<TraceEvent>> ReadAsync(TraceQuery query) => await _store.ReadOldestFirstAsync(query, Cancellation).ToListAsync(Cancellation);

    private async Task<IEnumerable<long>> UsAsync(TraceQuery query) => (await ReadAsync(query)).Select(UsOf);
}

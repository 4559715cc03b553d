using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.TraceEvents;

/// <summary>The trace events in ring.db, in segments of some thousands, with rollups that tell how many there were when.</summary>
/// <remarks>Reading is thread-safe; writing is for the ring's writer alone.</remarks>
/// <param name="budgetBytes">Over it the oldest segments go.</param>
public sealed partial class TraceStore(RingWriter ring, long budgetBytes = TraceStore.BudgetBytes)
{
    /// <summary>About 400 million events of block devices.</summary>
    public const long BudgetBytes = 2_000_000_000;

    private const string Kind = "traces";

    /// <summary>In SQL, the id of the VM named @vm.</summary>
    private const string VmId = "(SELECT id FROM trace_vms WHERE name = @vm)";

    /// <summary>What a segment's rows cost beside their blobs.</summary>
    private const int RowBytes = 200;

    private static readonly PreparedCommand FindVm = new("SELECT id FROM trace_vms WHERE name = @name", "@name");

    private static readonly PreparedCommand AddVm = new("INSERT INTO trace_vms (name) VALUES (@name) RETURNING id", "@name");

    private static readonly PreparedCommand FindBytes = new("SELECT bytes FROM trace_segments WHERE vm = @vm AND first_seq = @first", "@vm", "@first");

    private static readonly PreparedCommand PutSegment = new(
        """
        INSERT INTO trace_segments (vm, first_seq, last_seq, count, start_ns, end_ns, bytes, data)
        VALUES (@vm, @first, @last, @count, @start, @end, @bytes, @data)
        ON CONFLICT (vm, first_seq) DO UPDATE SET last_seq = @last, count = @count, start_ns = @start, end_ns = @end, bytes = @bytes, data = @data;
        INSERT INTO trace_rollups (vm, level, first_seq, start_ns, end_ns, rolled, growing, data)
        VALUES (@vm, 0, @first, @start, @end, 0, @growing, @rollup)
        ON CONFLICT (vm, level, first_seq) DO UPDATE SET start_ns = @start, end_ns = @end, growing = @growing, data = @rollup;
        """,
        "@vm", "@first", "@last", "@start", "@end", "@count", "@bytes", "@data", "@growing", "@rollup");

    private static readonly PreparedCommand MoveTo = new(
        """
        INSERT INTO trace_positions (vm, log, offset, next_seq) VALUES (@vm, @log, @offset, @next)
        ON CONFLICT (vm) DO UPDATE SET log = @log, offset = @offset, next_seq = @next
        """,
        "@vm", "@log", "@offset", "@next");

    private static readonly PreparedCommand AddKept = new(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", "@kind", "@bytes");

    /// <summary>So many events at most are looked at one by one rather than by rollups: some ten milliseconds of work.</summary>
    internal long RawMax { get; init; } = 300_000;

    /// <exception cref="DatabaseException"/>
    public TraceStored ReadExtent()
    {
        var (bytes, events, oldest) = ring.Read(static reader => reader.QuerySingle<(long, long, long?)>(
            """
            SELECT ifnull((SELECT bytes FROM kept_bytes WHERE kind = @Kind), 0), ifnull((SELECT sum(count) FROM trace_segments), 0), (SELECT min(start_ns) FROM trace_segments)
            """,
            new { Kind }));
        return new TraceStored(bytes, events, oldest);
    }

    /// <summary>Null of a VM that never traced anything.</summary>
    /// <exception cref="DatabaseException"/>
    internal TracePosition? ReadPosition(VmName vm) => ring.Read(reader => reader.QuerySingleOrDefault<(long Log, long Offset, long Next)?>(
        $"SELECT log, offset, next_seq FROM trace_positions WHERE vm = {VmId}", new { vm = vm.ToString() }))
        is { } row ? new TracePosition(row.Log, row.Offset, row.Next) : null;

    /// <summary>Segments, and together with them up to where the log is in them. One with the first sequence of an earlier one takes its place.</summary>
    /// <param name="growing">It comes again with more in it.</param>
    internal static RingWrite WriteOf(VmName vm, IReadOnlyList<TraceSegment> finished, TraceSegment? growing, TracePosition after)
    {
        var rows = finished.Select(segment => Row.Of(segment, growing: false)).Concat(growing is null ? [] : [Row.Of(growing, growing: true)]).ToList();
        return (_, transaction) =>
        {
            var id = IdOf(transaction, vm);
            foreach (var row in rows)
            {
                Put(transaction, id, row);
            }

            MoveTo.Execute(transaction, id, after.Log, after.Offset, after.NextSequence);
        };
    }

    /// <summary>Whoever made the VM's segments grow is gone.</summary>
    internal static RingWrite EndGrowing(VmName vm) => (connection, transaction) => connection.Execute(
        $"UPDATE trace_rollups SET growing = 0 WHERE vm = {VmId} AND level = 0 AND rolled = 0 AND growing = 1", new { vm = vm.ToString() }, transaction);

    private static void Put(SqliteTransaction transaction, long vm, Row row)
    {
        var before = FindBytes.Find(transaction, vm, row.FirstSequence) ?? 0;
        PutSegment.Execute(transaction, vm, row.FirstSequence, row.LastSequence, row.StartNs, row.EndNs, row.Count, row.Bytes, row.Data, row.Growing, row.Rollup);
        AddBytes(transaction, row.Bytes - before);
    }

    private static void AddBytes(SqliteTransaction transaction, long bytes) => AddKept.Execute(transaction, Kind, bytes);

    private static long IdOf(SqliteTransaction transaction, VmName vm) =>
        FindVm.Find(transaction, vm.ToString()) is { } known ? known : AddVm.Find(transaction, vm.ToString())!.Value;

    /// <summary>A segment as it is written.</summary>
    private sealed record Row(long FirstSequence, long LastSequence, int Count, long StartNs, long EndNs, byte[] Data, byte[] Rollup, bool Growing)
    {
        public long Bytes => RowBytes + Data.Length + Rollup.Length;

        public static Row Of(TraceSegment segment, bool growing) =>
            new(segment.FirstSequence, segment.LastSequence, segment.Count, segment.StartNs, segment.EndNs, segment.Data, segment.Rollup, growing);
    }
}

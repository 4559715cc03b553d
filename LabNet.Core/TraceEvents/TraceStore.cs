using System.Buffers;
using System.Collections.Immutable;
using Dapper;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.TraceEvents;

/// <summary>The trace events in ring.db, in segments of some thousands.</summary>
/// <remarks>Reading is thread-safe; writing is for the ring's writer alone.</remarks>
/// <param name="budgetBytes">Over it the oldest segments go.</param>
public sealed class TraceStore(RingWriter ring, long budgetBytes = TraceStore.BudgetBytes)
{
    /// <summary>About 500 million events of block devices.</summary>
    public const long BudgetBytes = 2_000_000_000;

    private const string Kind = "traces";
    private const int TrimmedAtOnce = 64;

    /// <summary>What a row costs beside its blobs.</summary>
    private const int RowBytes = 64;

    /// <summary>Newest first, in the order in which they stood in the log.</summary>
    /// <exception cref="DatabaseException"/>
    /// <exception cref="DamagedSegmentException"/>
    public IReadOnlyList<TraceEvent> Read(TraceQuery query) => ring.Read(reader =>
    {
        var found = new List<TraceEvent>();
        var (fromNs, toNs) = (query.FromNs ?? long.MinValue, query.ToNs ?? long.MaxValue);
        var before = query.BeforeSequence ?? long.MaxValue;
        while (found.Count < query.Limit && FindSegment(reader, query.Vm, before, fromNs, toNs) is { } row)
        {
            if (query.Names is null || ReadNames(reader, row.Events).Overlaps(query.Names))
            {
                Collect(row, query, before, fromNs, toNs, found);
            }

            before = row.First_seq;
        }

        return found;
    });

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
        "SELECT log, offset, next_seq FROM trace_positions WHERE vm = (SELECT id FROM trace_vms WHERE name = @vm)", new { vm = vm.ToString() }))
        is { } row ? new TracePosition(row.Log, row.Offset, row.Next) : null;

    /// <summary>Within a batch of the ring's writer: the segment, and up to where the log is in it.</summary>
    /// <param name="segment">Null where nothing was read but the end of a log.</param>
    internal static void Append(SqliteConnection connection, SqliteTransaction transaction, VmName vm, TraceSegment? segment, TracePosition after)
    {
        var id = IdOf(connection, transaction, "trace_vms", vm.ToString());
        if (segment is not null)
        {
            var events = new ArrayBufferWriter<byte>();
            foreach (var (name, count) in segment.Events)
            {
                Varint.Write(events, (ulong)IdOf(connection, transaction, "trace_names", name));
                Varint.Write(events, (ulong)count);
            }

            connection.Execute(
                """
                INSERT INTO trace_segments (vm, first_seq, count, start_ns, end_ns, events, data) VALUES (@id, @first, @Count, @StartNs, @EndNs, @events, @Data)
                """,
                new { id, first = after.NextSequence - segment.Count, segment.Count, segment.StartNs, segment.EndNs, events = events.WrittenSpan.ToArray(), segment.Data },
                transaction);
            AddBytes(connection, transaction, RowBytes + events.WrittenCount + segment.Data.Length);
        }

        connection.Execute(
            """
            INSERT INTO trace_positions (vm, log, offset, next_seq) VALUES (@id, @Log, @Offset, @NextSequence)
            ON CONFLICT (vm) DO UPDATE SET log = @Log, offset = @Offset, next_seq = @NextSequence
            """,
            new { id, after.Log, after.Offset, after.NextSequence },
            transaction);
    }

    /// <summary>A step of <see cref="RingMaintenance"/>.</summary>
    internal bool Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        var bytes = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (bytes <= budgetBytes)
        {
            return false;
        }

        var gone = connection.Query<long>(
            $"""
            DELETE FROM trace_segments WHERE id IN (SELECT id FROM trace_segments ORDER BY id LIMIT {TrimmedAtOnce})
            RETURNING {RowBytes} + length(events) + length(data)
            """,
            transaction: transaction).Sum();
        AddBytes(connection, transaction, -gone);
        return bytes - gone > budgetBytes;
    }

    private static void AddBytes(SqliteConnection connection, SqliteTransaction transaction, long bytes) => connection.Execute(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@Kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", new { Kind, bytes }, transaction);

    /// <param name="table">With columns id and name.</param>
    private static long IdOf(SqliteConnection connection, SqliteTransaction transaction, string table, string name) =>
        connection.ExecuteScalar<long?>($"SELECT id FROM {table} WHERE name = @name", new { name }, transaction)
        ?? connection.ExecuteScalar<long>($"INSERT INTO {table} (name) VALUES (@name) RETURNING id", new { name }, transaction);

    /// <summary>The newest segment before that number with something of that time.</summary>
    private static Row? FindSegment(SqliteConnection reader, VmName vm, long before, long fromNs, long toNs) => reader.QueryFirstOrDefault<Row>(
        """
        SELECT first_seq, count, start_ns, end_ns, events, data FROM trace_segments
        WHERE vm = (SELECT id FROM trace_vms WHERE name = @vm) AND first_seq < @before AND end_ns >= @fromNs AND start_ns < @toNs
        ORDER BY first_seq DESC LIMIT 1
        """,
        new { vm = vm.ToString(), before, fromNs, toNs });

    private static HashSet<string> ReadNames(SqliteConnection reader, ReadOnlySpan<byte> events)
    {
        var ids = new List<long>();
        while (!events.IsEmpty)
        {
            ids.Add((long)Varint.Read(ref events));
            Varint.Read(ref events);
        }

        return [.. reader.Query<string>("SELECT name FROM trace_names WHERE id IN @ids", new { ids })];
    }

    private static void Collect(Row row, TraceQuery query, long before, long fromNs, long toNs, List<TraceEvent> found)
    {
        var rows = TraceRows.Read(new TraceSegment(row.Start_ns, row.End_ns, (int)row.Count, [], row.Data));
        for (var place = rows.Count - 1; place >= 0 && found.Count < query.Limit; place--)
        {
            var (timeNs, type) = (rows.TimeNsOf(place), rows.Types[rows.EventOf(place)]);
            if (row.First_seq + place < before && timeNs >= fromNs && timeNs < toNs && query.Names?.Contains(type.Name) != false)
            {
                found.Add(new TraceEvent(query.Vm, row.First_seq + place, timeNs, rows.ThreadOf(place), type, ValuesOf(rows, place, type), rows.LatencyNsOf(place)));
            }
        }
    }

    private static ImmutableArray<TraceValue> ValuesOf(TraceRows rows, int place, TraceEventType type) =>
    [
        .. type.Arguments.Select((argument, number) => rows.ValueOf(place, number) is var bits && argument.Kind == TraceValueKind.Text
            ? new TraceValue(argument.Kind, 0, rows.TextOf(bits))
            : new TraceValue(argument.Kind, bits, Text: null)),
    ];

    private sealed record Row(long First_seq, long Count, long Start_ns, long End_ns, byte[] Events, byte[] Data);
}

using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.History;

/// <summary>The history's table, in ring.db, and the feed's sequence numbers beside it.</summary>
/// <param name="budgetBytes">Over it the oldest events go.</param>
public sealed class EventStore(RingWriter ring, long budgetBytes = EventStore.BudgetBytes)
{
    /// <summary>Some hundred thousand events; the oldest go first.</summary>
    public const long BudgetBytes = 256 * 1024 * 1024;

    /// <summary>
    /// Numbers are reserved so many at a time. More than a source can publish between two batches, so that a number that was told is never
    /// given again, even after a crash.
    /// </summary>
    private const long Reserved = 1_000_000;
    private const string Kind = "events";

    /// <summary>A step of tidying up takes away so many at least, and at most more than the batch before it can have brought.</summary>
    private const int TrimmedAtLeast = 2000;
    private const int TrimmedAtMost = 20_000;

    /// <summary>What a row costs beside its texts: the row's own numbers and its places in two indexes.</summary>
    private const int RowBytes = 120;

    /// <summary>Events, newest first. Pages begin where the last one ended, whatever was added meanwhile.</summary>
    public IReadOnlyList<LabEvent> Read(EventQuery query)
    {
        var where = query.Source is null ? "events INDEXED BY events_by_time WHERE" : "events INDEXED BY events_by_source WHERE source = @Source AND";
        var rows = ring.Read(reader => reader.Query<Row>(
            $"""
            SELECT id, source, seq, time_ns, kind, name, text, data FROM {where}
              (time_ns, id) < (@TimeNs, @Number) AND time_ns >= @FromNs AND time_ns < @ToNs
              {(query.Kinds is null ? "" : "AND kind IN @Kinds")}
              {(query.Text is null ? "" : "AND (text LIKE @Pattern ESCAPE '\\' OR name LIKE @Pattern ESCAPE '\\')")}
            ORDER BY time_ns DESC, id DESC LIMIT @Limit
            """,
            new
            {
                Source = query.Source?.Name,
                (query.After ?? PageCursor.Start).TimeNs,
                (query.After ?? PageCursor.Start).Number,
                FromNs = query.FromNs ?? long.MinValue,
                ToNs = query.ToNs ?? long.MaxValue,
                query.Kinds,
                Pattern = $"%{Escaped(query.Text)}%",
                query.Limit,
            }));
        return [.. rows.Select(row => row.ToEvent())];
    }

    /// <summary>How many events there are, and since when.</summary>
    public StoredRows ReadExtent() => ring.ReadExtent("SELECT count(*), min(time_ns) FROM events");

    /// <summary>What the events take of their budget.</summary>
    public long ReadBytes() => ring.Read(static reader => reader.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }));

    /// <summary>For <see cref="LiveFeed.ContinueFrom"/>: of each source the last number that may have been told.</summary>
    public IReadOnlyDictionary<FeedSource, long> ReadSequences() => ring.Read(static reader => reader
        .Query<(string Source, long ReservedTo)>("SELECT source, reserved_to FROM sequences")
        .ToDictionary(row => new FeedSource(row.Source), row => row.ReservedTo));

    /// <summary>Within a batch of the ring's writer.</summary>
    internal static void Append(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<LabEvent> events)
    {
        connection.Execute(
            "INSERT INTO events (source, seq, time_ns, kind, name, text, data) VALUES (@Source, @Sequence, @TimeNs, @Kind, @Name, @Text, @Data)",
            events.Select(e => new { Source = e.Source.Name, e.Sequence, e.TimeNs, e.Kind, e.Name, e.Text, e.Data }),
            transaction);
        Count(connection, transaction, events.Sum(BytesOf));
    }

    /// <summary>A step of <see cref="RingMaintenance"/> and a part of each batch: reserves numbers for the sources that come near to the end of theirs.</summary>
    internal static void Reserve(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyDictionary<FeedSource, long> sequences) => connection.Execute(
        $"""
        INSERT INTO sequences (source, reserved_to) VALUES (@Name, @last + {Reserved})
        ON CONFLICT (source) DO UPDATE SET reserved_to = excluded.reserved_to WHERE reserved_to < @last + {Reserved / 2}
        """,
        sequences.Select(pair => new { pair.Key.Name, last = pair.Value }),
        transaction);

    /// <summary>At an end in order: what was reserved and not used is free again.</summary>
    internal static void Release(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyDictionary<FeedSource, long> sequences) => connection.Execute(
        "UPDATE sequences SET reserved_to = @last WHERE source = @Name", sequences.Select(pair => new { pair.Key.Name, last = pair.Value }), transaction);

    /// <summary>A step of <see cref="RingMaintenance"/>.</summary>
    internal bool Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        var bytes = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (bytes <= budgetBytes)
        {
            return false;
        }

        var limit = Math.Clamp((bytes - budgetBytes) / RowBytes, TrimmedAtLeast, TrimmedAtMost);
        var gone = connection.Query<(long Id, long Bytes)>(
            $"""
            DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY time_ns, id LIMIT @limit)
            RETURNING id, {RowBytes} + length(source) + length(kind) + length(name) + length(CAST(text AS BLOB)) + ifnull(length(CAST(data AS BLOB)), 0)
            """,
            new { limit },
            transaction).Sum(row => row.Bytes);
        Count(connection, transaction, -gone);
        return bytes - gone > budgetBytes;
    }

    private static void Count(SqliteConnection connection, SqliteTransaction transaction, long bytes) => connection.Execute(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@Kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", new { Kind, bytes }, transaction);

    private static long BytesOf(LabEvent e) =>
        RowBytes + e.Source.Name.Length + e.Kind.Length + e.Name.Length + Utf8Bytes(e.Text) + Utf8Bytes(e.Data);

    private static int Utf8Bytes(string? text) => text is null ? 0 : System.Text.Encoding.UTF8.GetByteCount(text);

    /// <summary>What is looked for is a text and no pattern.</summary>
    private static string Escaped(string? text) => (text ?? "")
        .Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);

    private sealed record Row(long Id, string Source, long Seq, long Time_ns, string Kind, string Name, string Text, string? Data)
    {
        public LabEvent ToEvent() => new(Id, new FeedSource(Source), Seq, Time_ns, Kind, Name, Text, Data);
    }
}

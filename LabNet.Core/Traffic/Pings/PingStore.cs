using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Traffic;

/// <summary>Pings of a pair within a stretch of time.</summary>
/// <param name="FromNs">The stretch's begin, UTC nanoseconds since 1970.</param>
/// <param name="RttMinNs">Of the rounds' medians; null if nothing came back.</param>
/// <param name="Unmeasured">Rounds that could not be measured.</param>
public sealed record PingBin(VmName From, VmName To, long FromNs, long Sent, long Received, long? RttMinNs, long? RttMeanNs, long? RttMaxNs, long Unmeasured);

/// <summary>The pings of the past and the paths' MTUs, in ring.db.</summary>
/// <remarks>Reading is thread-safe; writing is for the ring's writer alone.</remarks>
public sealed class PingStore(RingWriter ring, long budgetBytes = PingStore.BudgetBytes)
{
    /// <summary>Two VMs for more than a month; over it the oldest go.</summary>
    public const long BudgetBytes = 64L << 20;

    private const string Kind = "pings";
    private const int RowBytes = 110;
    private const int TrimmedAtOnce = 5000;

    /// <summary>Each pair's pings of a range, in stretches of equal length; those without any are left out.</summary>
    public IReadOnlyList<PingBin> Read(LinkName link, long fromNs, long toNs, int binsMax)
    {
        var width = Math.Max(1, (toNs - fromNs + binsMax - 1) / binsMax);
        return ring.Read(reader => reader.Query<Row>(
            """
            SELECT from_vm, to_vm, @fromNs + (time_ns - @fromNs) / @width * @width AS bin, sum(sent) AS sent, sum(received) AS received,
              ifnull(min(rtt_ns), -1) AS rtt_min, ifnull(CAST(avg(rtt_ns) AS INTEGER), -1) AS rtt_mean, ifnull(max(rtt_ns), -1) AS rtt_max, sum(problem IS NOT NULL) AS unmeasured
            FROM pings WHERE link = @link AND time_ns >= @fromNs AND time_ns < @toNs GROUP BY from_vm, to_vm, bin ORDER BY from_vm, to_vm, bin
            """,
            new { link = link.ToString(), fromNs, toNs, width }))
            .Select(row => new PingBin(
                VmName.Parse(row.From_vm), VmName.Parse(row.To_vm), row.Bin, row.Sent, row.Received, Known(row.Rtt_min), Known(row.Rtt_mean), Known(row.Rtt_max), row.Unmeasured)).ToList();
    }

    internal static RingWrite WriteOf(IReadOnlyList<PingMeasured> pings, IReadOnlyList<PathMtuMeasured> mtus) => (connection, transaction) =>
    {
        const int NsPerMs = 1_000_000;
        connection.Execute(
            """
            INSERT OR REPLACE INTO pings (link, from_vm, to_vm, time_ns, sent, received, packet_bytes, rtt_ns, problem)
            VALUES (@link, @from, @to, @timeNs, @Sent, @Received, @PacketBytes, @rttNs, @Problem)
            """,
            pings.Select(ping => new
            {
                link = ping.Link.ToString(),
                from = ping.From.ToString(),
                to = ping.To.ToString(),
                timeNs = ping.At.ToUnixTimeNs(),
                ping.Sent,
                ping.Received,
                ping.PacketBytes,
                rttNs = (long?)(ping.RttMs * NsPerMs),
                ping.Problem,
            }),
            transaction);
        connection.Execute(
            """
            INSERT OR REPLACE INTO path_mtus (link, from_vm, to_vm, time_ns, fits, vanishes, refused, problem)
            VALUES (@link, @from, @to, @timeNs, @FitsBytes, @VanishesBytes, @RefusedBytes, @Problem)
            """,
            mtus.Select(mtu => new
            {
                link = mtu.Link.ToString(),
                from = mtu.From.ToString(),
                to = mtu.To.ToString(),
                timeNs = mtu.At.ToUnixTimeNs(),
                mtu.FitsBytes,
                mtu.VanishesBytes,
                mtu.RefusedBytes,
                mtu.Problem,
            }),
            transaction);
        Count(connection, transaction, (long)(pings.Count + mtus.Count) * RowBytes);
    };

    /// <summary>A step of <see cref="RingMaintenance"/>.</summary>
    internal bool Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        var bytes = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (bytes <= budgetBytes)
        {
            return false;
        }

        var before = connection.ExecuteScalar<long?>("SELECT max(time_ns) FROM (SELECT time_ns FROM pings ORDER BY time_ns LIMIT @TrimmedAtOnce)", new { TrimmedAtOnce }, transaction);
        var gone = connection.Execute("DELETE FROM pings WHERE time_ns <= @before", new { before }, transaction)
            + connection.Execute("DELETE FROM path_mtus WHERE time_ns <= @before", new { before }, transaction);
        Count(connection, transaction, -(long)gone * RowBytes);
        return gone > 0 && bytes - ((long)gone * RowBytes) > budgetBytes;
    }

    private static void Count(SqliteConnection connection, SqliteTransaction transaction, long bytes) => connection.Execute(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@Kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", new { Kind, bytes }, transaction);

    private static long? Known(long ns) => ns < 0 ? null : ns;

    /// <summary>By its properties: of an empty answer SQLite does not know the types, and a constructor would have to fit them.</summary>
    private sealed class Row
    {
        public string From_vm { get; init; } = "";

        public string To_vm { get; init; } = "";

        public long Bin { get; init; }

        public long Sent { get; init; }

        public long Received { get; init; }

        public long Rtt_min { get; init; }

        public long Rtt_mean { get; init; }

        public long Rtt_max { get; init; }

        public long Unmeasured { get; init; }
    }
}

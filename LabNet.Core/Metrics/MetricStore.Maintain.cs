using Dapper;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Metrics;

/// <summary>Samples become segments, segments coarser ones, and the oldest go. A step a call, so that no batch waits for long.</summary>
public sealed partial class MetricStore
{
    /// <summary>Samples of a window that is over may still be on their way.</summary>
    private const long SlackNs = 15_000_000_000;
    private const int TrimmedAtOnce = 50;

    /// <summary>A step of tidying up; true if there is more to do now.</summary>
    internal bool Maintain(SqliteConnection connection, SqliteTransaction transaction)
    {
        var now = Feed.UnixTime.GetUnixTimeNs(time);
        return Compact(connection, transaction, now)
            || Roll(connection, transaction, MetricLevel.TenSeconds, MetricLevel.Minutes, now)
            || Roll(connection, transaction, MetricLevel.Minutes, MetricLevel.TenMinutes, now)
            || Trim(connection, transaction, now);
    }

    /// <summary>The oldest window of a VM whose time is over becomes a segment of its samples and one of ten-second bins.</summary>
    private static bool Compact(SqliteConnection connection, SqliteTransaction transaction, long now)
    {
        var level = MetricLevel.Samples;
        var end = level.WindowOf(now - SlackNs);
        foreach (var vm in connection.Query<long>("SELECT id FROM metric_vms", transaction: transaction))
        {
            var oldest = connection.ExecuteScalar<long?>("SELECT min(time_ns) FROM metric_samples WHERE vm = @vm", new { vm }, transaction);
            if (oldest is { } first && first < end)
            {
                CompactWindow(connection, transaction, vm, level.WindowOf(first));
                return true;
            }
        }

        return false;
    }

    private static void CompactWindow(SqliteConnection connection, SqliteTransaction transaction, long vm, long start)
    {
        var window = new { vm, start, end = start + MetricLevel.Samples.WindowNs };
        var rows = ReadSamples(connection, transaction, vm, window.start, window.end);
        var series = SamplesOf(rows, static _ => true);
        Insert(connection, transaction, vm, MetricLevel.Samples, start, series, rolled: true);
        Insert(connection, transaction, vm, MetricLevel.TenSeconds, start, Rolled(series, MetricLevel.TenSeconds), rolled: false);
        connection.Execute("DELETE FROM metric_samples WHERE vm = @vm AND time_ns >= @start AND time_ns < @end", window, transaction);
        connection.Execute("DELETE FROM metric_layouts WHERE vm = @vm AND id NOT IN (SELECT layout FROM metric_samples WHERE vm = @vm)", window, transaction);
        Count(connection, transaction, -rows.Sum(row => (long)RowBytes + row.Data.Length));
    }

    /// <summary>The oldest window of the coarser level that is over and has segments of the finer one.</summary>
    private static bool Roll(SqliteConnection connection, SqliteTransaction transaction, MetricLevel fine, MetricLevel coarse, long now)
    {
        // The finer segments of a window are there when its last one is compacted, which its own slack delays.
        var end = coarse.WindowOf(now - fine.WindowNs - SlackNs);
        var oldest = connection.QueryFirstOrDefault<(long Vm, long StartNs)?>(
            "SELECT vm, start_ns FROM metric_segments WHERE rolled = 0 AND level = @Number AND start_ns < @end ORDER BY start_ns LIMIT 1",
            new { fine.Number, end },
            transaction);
        if (oldest is not { } first)
        {
            return false;
        }

        var start = coarse.WindowOf(first.StartNs);
        var window = new { first.Vm, fine.Number, start, end = start + coarse.WindowNs };
        var segments = connection.Query<SegmentRow>(
            $"SELECT {SegmentRow.Columns} FROM metric_segments WHERE rolled = 0 AND level = @Number AND vm = @Vm AND start_ns >= @start AND start_ns < @end",
            window,
            transaction).ToList();
        Insert(connection, transaction, first.Vm, coarse, start, Rolled(SegmentsOf(segments, static _ => true), coarse), rolled: coarse == MetricLevel.TenMinutes);
        connection.Execute("UPDATE metric_segments SET rolled = 1 WHERE id IN @ids", new { ids = segments.Select(segment => segment.Id) }, transaction);
        return true;
    }

    private bool Trim(SqliteConnection connection, SqliteTransaction transaction, long now)
    {
        var gone = MetricLevel.All.Sum(level => Delete(
            connection, transaction, "level = @Number AND rolled = 1 AND end_ns < @before ORDER BY end_ns", new { level.Number, before = now - level.KeptNs }));
        var kept = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (kept > budgetBytes)
        {
            gone += Delete(connection, transaction, "1 ORDER BY end_ns", new { });
        }

        Count(connection, transaction, -gone);
        connection.Execute("PRAGMA incremental_vacuum(256)", transaction: transaction);
        return gone > 0;
    }

    /// <returns>The bytes that it freed.</returns>
    private static long Delete(SqliteConnection connection, SqliteTransaction transaction, string which, object parameters) => connection.Query<long>(
        $"DELETE FROM metric_segments WHERE id IN (SELECT id FROM metric_segments WHERE {which} LIMIT {TrimmedAtOnce}) RETURNING {RowBytes} + length(data)",
        parameters,
        transaction).Sum();

    private static void Insert(
        SqliteConnection connection,
        SqliteTransaction transaction,
        long vm,
        MetricLevel level,
        long start,
        Dictionary<string, List<MetricBin>> series,
        bool rolled)
    {
        if (series.Count == 0)
        {
            return;
        }

        var data = MetricSegment.Write(start, series);
        connection.Execute(
            "INSERT INTO metric_segments (vm, level, start_ns, end_ns, rolled, data) VALUES (@vm, @Number, @start, @end, @rolled, @data)",
            new { vm, level.Number, start, end = start + level.WindowNs, rolled, data },
            transaction);
        Count(connection, transaction, RowBytes + data.Length);
    }

    private static Dictionary<string, List<MetricBin>> Rolled(Dictionary<string, List<MetricBin>> series, MetricLevel level) =>
        series.ToDictionary(one => one.Key, one => level.Roll(one.Value));
}

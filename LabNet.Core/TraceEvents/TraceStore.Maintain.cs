using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.TraceEvents;

/// <summary>Rollups become coarser ones, and the oldest segments go. Some rows a call, so that no batch waits for long.</summary>
public sealed partial class TraceStore
{
    private const int RolledAtOnce = 16;
    private const int TrimmedAtOnce = 64;

    /// <summary>By the primary key SQLite would walk through all that was rolled before.</summary>
    private static readonly PreparedCommand FindUnrolled = new(
        $"""
        SELECT level, first_seq, start_ns, end_ns, data FROM trace_rollups INDEXED BY trace_rollups_unrolled
        WHERE vm = @vm AND level = @level AND rolled = 0 AND growing = 0 ORDER BY first_seq LIMIT {TraceRollup.FanIn}
        """,
        "@vm", "@level");

    private static readonly PreparedCommand AddRolled = new(
        "INSERT INTO trace_rollups (vm, level, first_seq, start_ns, end_ns, rolled, growing, data) VALUES (@vm, @level, @first, @start, @end, 0, 0, @rolled)",
        "@vm", "@level", "@first", "@start", "@end", "@rolled");

    private static readonly PreparedCommand SetRolled = new(
        "UPDATE trace_rollups SET rolled = 1 WHERE vm = @vm AND level = @level AND first_seq BETWEEN @first AND @last AND rolled = 0 AND growing = 0",
        "@vm", "@level", "@first", "@last");

    private readonly TraceRollupBuilder _coarser = new();

    /// <summary>A step of tidying up; true if there is more to do now.</summary>
    internal bool Maintain(SqliteConnection connection, SqliteTransaction transaction)
    {
        var left = RolledAtOnce;
        foreach (var (vm, level) in connection.Query<(long Vm, int Level)>(
            "SELECT vm, level FROM trace_rollups WHERE rolled = 0 AND growing = 0 AND level < @LevelMax GROUP BY vm, level HAVING count(*) >= @FanIn ORDER BY level",
            new { TraceRollup.LevelMax, TraceRollup.FanIn },
            transaction).ToList())
        {
            while (left > 0 && RollUp(transaction, vm, level))
            {
                left--;
            }
        }

        return left == 0 || Trim(connection, transaction);
    }

    /// <returns>False when there are too few rollups of the level.</returns>
    private bool RollUp(SqliteTransaction transaction, long vm, int level)
    {
        var rows = FindUnrolled.Query(
            transaction, static row => new RollupRow(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4)), vm, level);
        if (rows.Count < TraceRollup.FanIn)
        {
            return false;
        }

        rows.ConvertAll(row => TraceRollup.Unpack(level, row.Data)).ForEach(_coarser.Add);
        var rolled = _coarser.Pack();
        AddRolled.Execute(transaction, vm, level + 1, rows[0].First_seq, rows.Min(row => row.Start_ns), rows.Max(row => row.End_ns), rolled);
        SetRolled.Execute(transaction, vm, level, rows[0].First_seq, rows[^1].First_seq);
        AddBytes(transaction, RowBytes + rolled.Length);
        return true;
    }

    /// <summary>The oldest segments of all VMs, and the rollups of what none of them is left.</summary>
    private bool Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        var bytes = connection.ExecuteScalar<long>("SELECT bytes FROM kept_bytes WHERE kind = @Kind", new { Kind }, transaction);
        if (bytes <= budgetBytes)
        {
            return false;
        }

        var over = bytes - budgetBytes;
        var oldest = connection.Query<(long Vm, long First, long Bytes)>(
            $"SELECT vm, first_seq, bytes FROM trace_segments INDEXED BY trace_segments_by_time ORDER BY end_ns LIMIT {TrimmedAtOnce}", transaction: transaction).ToList();
        var vms = new HashSet<long>();
        for (var place = 0; place < oldest.Count && over > 0; place++)
        {
            connection.Execute("DELETE FROM trace_segments WHERE vm = @Vm AND first_seq = @First", new { oldest[place].Vm, oldest[place].First }, transaction);
            vms.Add(oldest[place].Vm);
            over -= oldest[place].Bytes;
        }

        foreach (var vm in vms)
        {
            connection.Execute(
                "DELETE FROM trace_rollups WHERE vm = @vm AND end_ns < (SELECT ifnull(min(start_ns), 9223372036854775807) FROM trace_segments WHERE vm = @vm)", new { vm }, transaction);
        }

        // What the rollups took is not known of those that went; all is counted anew, which is little work beside the deleting.
        var left = connection.ExecuteScalar<long>(
            $"SELECT ifnull((SELECT sum(bytes) FROM trace_segments), 0) + ifnull((SELECT sum({RowBytes} + length(data)) FROM trace_rollups WHERE level > 0), 0)", transaction: transaction);
        AddBytes(transaction, left - bytes);
        return left > budgetBytes && vms.Count > 0;
    }

    private sealed record RollupRow(long Level, long First_seq, long Start_ns, long End_ns, byte[] Data);
}

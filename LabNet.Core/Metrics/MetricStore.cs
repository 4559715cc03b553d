using System.Runtime.CompilerServices;
using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Metrics;

/// <summary>What the metrics take.</summary>
/// <param name="Samples">That are not in segments yet.</param>
/// <param name="OldestNs">UTC nanoseconds since 1970; null without any.</param>
public sealed record MetricsStored(long SizeBytes, long Samples, long Segments, long? OldestNs);

/// <summary>
/// The metrics in ring.db (docs/decisions/0006-metrics-in-segments.md): the newest minutes a row a sample, what is older in segments of
/// growing coarseness, so that a month costs little and is read fast.
/// </summary>
/// <remarks>Reading is thread-safe; writing is for the ring's writer alone.</remarks>
public sealed partial class MetricStore(RingWriter ring, TimeProvider time, long budgetBytes = MetricStore.BudgetBytes)
{
    /// <summary>About fifty VMs for a month; over it the oldest segments go, however fine.</summary>
    public const long BudgetBytes = 1_500_000_000;

    private const string Kind = "metrics";

    /// <summary>What a row costs beside its blob.</summary>
    private const int RowBytes = 48;

    private readonly ConditionalWeakTable<MetricLayout, string> _keysOf = [];

    /// <summary>How much is kept, and since when.</summary>
    public MetricsStored ReadExtent()
    {
        var (bytes, samples, segments, oldest) = ring.Read(static reader => reader.QuerySingle<(long, long, long, long?)>(
            """
            SELECT ifnull((SELECT bytes FROM kept_bytes WHERE kind = @Kind), 0),
              (SELECT count(*) FROM metric_samples), (SELECT count(*) FROM metric_segments),
              ifnull((SELECT min(start_ns) FROM metric_segments), (SELECT min(time_ns) FROM metric_samples))
            """,
            new { Kind }));
        return new MetricsStored(bytes, samples, segments, oldest);
    }

    /// <summary>Within a batch of the ring's writer.</summary>
    internal void Append(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<(string Vm, MetricSample Sample)> samples)
    {
        using var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO metric_samples (vm, time_ns, layout, data) VALUES ($vm, $time, $layout, $data)";
        var (vmParameter, timeParameter) = (insert.Parameters.Add("$vm", SqliteType.Integer), insert.Parameters.Add("$time", SqliteType.Integer));
        var (layoutParameter, dataParameter) = (insert.Parameters.Add("$layout", SqliteType.Integer), insert.Parameters.Add("$data", SqliteType.Blob));
        var known = new Dictionary<(string, MetricLayout), (long Vm, long Layout)>();
        long bytes = 0;
        foreach (var (vm, sample) in samples)
        {
            if (!known.TryGetValue((vm, sample.Layout), out var ids))
            {
                known[(vm, sample.Layout)] = ids = IdsOf(connection, transaction, vm, sample.Layout);
            }

            var blob = SampleBlob.Write(sample);
            (vmParameter.Value, timeParameter.Value, layoutParameter.Value, dataParameter.Value) = (ids.Vm, sample.TimeNs, ids.Layout, blob);
            insert.ExecuteNonQuery();
            bytes += RowBytes + blob.Length;
        }

        Count(connection, transaction, bytes);
    }

    private (long Vm, long Layout) IdsOf(SqliteConnection connection, SqliteTransaction transaction, string vm, MetricLayout layout)
    {
        var keys = _keysOf.GetValue(layout, static one => string.Join('\n', one.Keys));
        var vmId = connection.ExecuteScalar<long>(
            "INSERT INTO metric_vms (name) VALUES (@vm) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id", new { vm }, transaction);
        var layoutId = connection.ExecuteScalar<long>(
            "INSERT INTO metric_layouts (vm, keys) VALUES (@vmId, @keys) ON CONFLICT (vm, keys) DO UPDATE SET vm = vm RETURNING id", new { vmId, keys }, transaction);
        return (vmId, layoutId);
    }

    private static void Count(SqliteConnection connection, SqliteTransaction transaction, long bytes) => connection.Execute(
        "INSERT INTO kept_bytes (kind, bytes) VALUES (@Kind, @bytes) ON CONFLICT (kind) DO UPDATE SET bytes = bytes + @bytes", new { Kind, bytes }, transaction);
}

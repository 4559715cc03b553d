using Dapper;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.Metrics;

/// <summary>
/// Reading: a level has what is rolled up to it; what is newer is made of the level below while it is read, down to the samples. So nobody
/// sees where one ends and the other begins.
/// </summary>
public sealed partial class MetricStore
{
    /// <summary>The series of a VM that have something in a stretch of time.</summary>
    /// <exception cref="DatabaseException">Also for a segment that makes no sense: SQLite has no checksums.</exception>
    public IReadOnlyList<MetricSeries> Read(MetricQuery query) => ring.Read(reader => Read(reader, query));

    private IReadOnlyList<MetricSeries> Read(SqliteConnection reader, MetricQuery query)
    {
        // Else a segment could be made of samples between two of the selects.
        using var transaction = reader.BeginTransaction(deferred: true);
        var vm = reader.ExecuteScalar<long?>("SELECT id FROM metric_vms WHERE name = @Vm", new { query.Vm }, transaction);
        if (vm is not { } id || query.FromNs >= query.ToNs)
        {
            return [];
        }

        var level = MetricLevel.For(query.ToNs - query.FromNs, query.Points);
        var found = new Dictionary<string, List<MetricBin>>();
        Collect(reader, transaction, id, level, query, query.FromNs, query.ToNs, found);
        return [.. found
            .Select(one => (IsKnown: MetricKey.TryParse(one.Key, out var key), Key: key, Bins: level.Roll(one.Value)))
            .Where(one => one.IsKnown && one.Bins.Count > 0)
            .Select(one => new MetricSeries(one.Key, level.BinNs, Decimation.Of(Scaled(one.Key, one.Bins), query.Points)))
            .OrderBy(series => series.Key.ToString(), StringComparer.Ordinal)];
    }

    private void Collect(
        SqliteConnection reader,
        SqliteTransaction transaction,
        long vm,
        MetricLevel level,
        MetricQuery query,
        long from,
        long to,
        Dictionary<string, List<MetricBin>> found)
    {
        var range = new { vm, level = level.Number, from, to };
        Add(found, SegmentsOf(reader.Query<SegmentRow>(
            $"""
            SELECT {SegmentRow.Columns} FROM metric_segments WHERE vm = @vm AND end_ns > @from AND start_ns < @to
              AND (level = @level OR (level > 0 AND level < @level AND rolled = 0))
            """,
            range,
            transaction), query.Wants), from, to);
        Add(found, SamplesOf(ReadSamples(reader, transaction, vm, from, to), query.Wants), from, to);

        // What is older than this level reaches is taken from the next.
        var oldest = reader.ExecuteScalar<long?>("SELECT min(start_ns) FROM metric_segments WHERE vm = @vm AND level = @level", range, transaction) ?? to;
        if (level != MetricLevel.TenMinutes && oldest > from)
        {
            CollectOlder(reader, transaction, vm, MetricLevel.All[level.Number + 1], query, from, Math.Min(oldest, to), found);
        }
    }

    private static void CollectOlder(
        SqliteConnection reader,
        SqliteTransaction transaction,
        long vm,
        MetricLevel level,
        MetricQuery query,
        long from,
        long to,
        Dictionary<string, List<MetricBin>> found)
    {
        var range = new { vm, level = level.Number, from, to };
        Add(found, SegmentsOf(reader.Query<SegmentRow>(
            $"SELECT {SegmentRow.Columns} FROM metric_segments WHERE vm = @vm AND level = @level AND end_ns > @from AND start_ns < @to", range, transaction), query.Wants), from, to);
        var oldest = reader.ExecuteScalar<long?>("SELECT min(start_ns) FROM metric_segments WHERE vm = @vm AND level = @level", range, transaction) ?? to;
        if (level != MetricLevel.TenMinutes && oldest > from)
        {
            CollectOlder(reader, transaction, vm, MetricLevel.All[level.Number + 1], query, from, Math.Min(oldest, to), found);
        }
    }

    private static void Add(Dictionary<string, List<MetricBin>> found, Dictionary<string, List<MetricBin>> more, long from, long to)
    {
        foreach (var (key, bins) in more)
        {
            var within = bins.Where(bin => bin.TimeNs >= from && bin.TimeNs < to);
            if (found.TryGetValue(key, out var known))
            {
                known.AddRange(within);
            }
            else
            {
                found[key] = [.. within];
            }
        }
    }

    private static List<SampleRow> ReadSamples(SqliteConnection connection, SqliteTransaction transaction, long vm, long from, long to) =>
        [.. connection.Query<SampleRow>(
            """
            SELECT s.time_ns, s.layout, l.keys, s.data FROM metric_samples s JOIN metric_layouts l ON l.id = s.layout
            WHERE s.vm = @vm AND s.time_ns >= @from AND s.time_ns < @to ORDER BY s.time_ns
            """,
            new { vm, from, to },
            transaction)];

    private static Dictionary<string, List<MetricBin>> SamplesOf(IEnumerable<SampleRow> rows, Func<string, bool> wants)
    {
        var series = new Dictionary<string, List<MetricBin>>();
        long? layout = null;
        List<MetricBin>?[] places = [];
        foreach (var row in rows)
        {
            if (layout != row.Layout)
            {
                layout = row.Layout;
                places = [.. row.Keys.Split('\n').Select(key => wants(key) ? PlaceOf(series, key) : null)];
            }

            try
            {
                SampleBlob.Read(row.Data, places.Length, (place, value) => places[place]?.Add(MetricBin.Of(row.Time_ns, value)));
            }
            catch (DamagedSegmentException e)
            {
                throw DatabaseException.Damage($"A metric sample of {row.Time_ns}: {e.Message}");
            }
        }

        return series.Where(one => one.Value.Count > 0).ToDictionary();
    }

    private static List<MetricBin> PlaceOf(Dictionary<string, List<MetricBin>> series, string key) =>
        series.TryGetValue(key, out var bins) ? bins : series[key] = [];

    private static Dictionary<string, List<MetricBin>> SegmentsOf(IEnumerable<SegmentRow> rows, Func<string, bool> wants)
    {
        var series = new Dictionary<string, List<MetricBin>>();
        foreach (var row in rows)
        {
            try
            {
                foreach (var (key, bins) in MetricSegment.Read(row.Start_ns, row.Data, wants))
                {
                    PlaceOf(series, key).AddRange(bins);
                }
            }
            catch (DamagedSegmentException e)
            {
                throw DatabaseException.Damage($"Metric segment {row.Id}: {e.Message}");
            }
        }

        return series;
    }

    private static List<MetricPoint> Scaled(MetricKey key, List<MetricBin> bins) =>
        bins.ConvertAll(bin => new MetricPoint(
            bin.TimeNs, bin.Mean / key.Definition.Scale, bin.Min / key.Definition.Scale, bin.Max / key.Definition.Scale, bin.Count));

    private sealed record SampleRow(long Time_ns, long Layout, string Keys, byte[] Data);

    private sealed record SegmentRow(long Id, long Start_ns, byte[] Data)
    {
        public const string Columns = "id, start_ns, data";
    }
}

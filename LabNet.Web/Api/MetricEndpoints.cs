using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <param name="From">What was asked for, resolved.</param>
/// <param name="Series">Sorted by name.</param>
/// <param name="Missing">Why something cannot be had at present, such as `guest` or `kvm`; `vm` if nothing is measured.</param>
public sealed record MetricsContract(
    DateTimeOffset From, DateTimeOffset To, IReadOnlyList<MetricSeriesContract> Series, IReadOnlyDictionary<string, string> Missing);

/// <param name="Name">Such as `vm_block_read{node=vda}`.</param>
/// <param name="Unit">Of the values, such as `B/s`.</param>
/// <param name="ResolutionMs">How much time a stored value stands for; 0 for samples as they were taken.</param>
/// <param name="T">Times; left out with `times=unix`.</param>
/// <param name="V">Values. Where `points` made it necessary to put several together, the lowest and the highest of each stretch; with `bands=true` its mean.</param>
/// <param name="TMs">With `times=unix`: times as milliseconds since 1970.</param>
/// <param name="Min">With `bands=true`: the lowest value of each stretch.</param>
/// <param name="Max">With `bands=true`: the highest.</param>
public sealed record MetricSeriesContract(
    string Name,
    string Unit,
    double ResolutionMs,
    IReadOnlyList<DateTimeOffset>? T,
    IReadOnlyList<double> V,
    IReadOnlyList<long>? TMs,
    IReadOnlyList<double>? Min,
    IReadOnlyList<double>? Max);

/// <summary>What was measured.</summary>
public static class MetricEndpoints
{
    private const int PointsDefault = 600;
    private const int PointsMax = 5000;
    private const double SecondsDefault = 300;
    private const double SecondsMax = 366 * 24 * 3600.0;

    private static readonly string[] Filters = ["names", "from", "to", "seconds", "points", "bands", "times"];

    internal static void Map(IEndpointRouteBuilder api) => api.MapGet("/vms/{vm}/metrics", GetMetricsAsync).WithTags("Metrics")
        .ProducesProblems(ProblemType.BadInput, ProblemType.UnknownThing);

    /// <summary>A VM's metrics over a range of time, up to what was measured when it was asked for.</summary>
    /// <param name="vm">The VM's name.</param>
    /// <param name="names">Metrics such as `vm_cpu`, or single series such as `vm_cpu{vcpu=0}`; may be given several times. All if left out.</param>
    /// <param name="from">The oldest time, such as `2026-11-22T10:00:00Z`; itself included.</param>
    /// <param name="to">The newest time, itself not included; now if left out.</param>
    /// <param name="seconds">Instead of `from`: so many seconds before `to`; 300 if both are left out.</param>
    /// <param name="points">At most so many a series, 2 to 5000; 600 if left out.</param>
    /// <param name="bands">`true` for mean, lowest and highest value of each stretch.</param>
    /// <param name="times">`iso` or `unix`.</param>
    internal static async Task<MetricsContract> GetMetricsAsync(
        string vm,
        VmRegistry vms,
        LiveFeed feed,
        MetricStore store,
        MetricRecorder recorder,
        TimeProvider time,
        HttpContext context,
        string[]? names = null,
        string? from = null,
        string? to = null,
        string? seconds = null,
        string? points = null,
        string? bands = null,
        string? times = null)
    {
        QueryText.ThrowIfUnknown(context, Filters);
        var session = vms.Require(vm);
        var range = Range(from, to, seconds, time.GetUtcNow());
        var unix = QueryText.OneOf("times", times, "iso", "unix") == "unix";
        var withBands = QueryText.OneOf("bands", bands, "false", "true") == "true";
        var most = Points(points);
        var query = new MetricQuery(
            session.State.Name.ToString(), Names(names), range.From.ToUnixTimeNs(), range.To.ToUnixTimeNs(), withBands ? most : Math.Max(1, most / 2));
        await recorder.CatchUpAsync(context.RequestAborted);
        var series = await Task.Run(() => store.Read(query), context.RequestAborted);
        return new MetricsContract(range.From, range.To, [.. series.Select(one => withBands ? WithBands(one, unix) : WithSpikes(one, unix))], Missing(session, feed, time));
    }

    private static IReadOnlyDictionary<string, string> Missing(VmSession session, LiveFeed feed, TimeProvider time) =>
        feed.Find<MetricsSampled>(new FeedSource(session.State.Name.ToString()), "metrics")?.Sample is { } sample && sample.IsPresent(time.GetUnixTimeNs())
            ? sample.Missing
            : new Dictionary<string, string> { ["vm"] = $"{session.State.Name} is not measured: it does not run, or LabNet is not connected to its QEMU." };

    private static MetricSeriesContract WithBands(MetricSeries series, bool unix) => Of(series, unix, [.. series.Points.Select(point => (point.TimeNs, point.Mean))]) with
    {
        Min = [.. series.Points.Select(point => point.Min)],
        Max = [.. series.Points.Select(point => point.Max)],
    };

    /// <summary>Of a stretch that was flat one point says all.</summary>
    private static MetricSeriesContract WithSpikes(MetricSeries series, bool unix)
    {
        var points = series.Points;
        return Of(series, unix, [.. points.SelectMany((point, place) => point.Min.Equals(point.Max)
            ? (IEnumerable<(long, double)>)[(point.TimeNs, point.Mean)]
            : [(point.TimeNs, point.Min), (Middle(points, place, series.ResolutionNs), point.Max)])]);
    }

    private static MetricSeriesContract Of(MetricSeries series, bool unix, IReadOnlyList<(long TimeNs, double Value)> points) => new(
        series.Key.ToString(),
        series.Key.Definition.Unit,
        series.ResolutionNs / 1e6,
        unix ? null : [.. points.Select(point => UnixTime.FromUnixTimeNs(point.TimeNs))],
        [.. points.Select(point => point.Value)],
        unix ? [.. points.Select(point => point.TimeNs / 1_000_000)] : null,
        Min: null,
        Max: null);

    private static long Middle(IReadOnlyList<MetricPoint> points, int place, long resolutionNs)
    {
        var width = place + 1 < points.Count ? points[place + 1].TimeNs - points[place].TimeNs : resolutionNs;
        return points[place].TimeNs + (width / 2);
    }

    private static (DateTimeOffset From, DateTimeOffset To) Range(string? from, string? to, string? seconds, DateTimeOffset now)
    {
        var (first, last) = QueryText.Range(from, to);
        if (first is not null && seconds is not null)
        {
            throw new BadInputException("seconds: from is given already.");
        }

        var end = last ?? now;
        return (first ?? end.AddSeconds(-Seconds(seconds)), end);
    }

    private static double Seconds(string? text) => text is null ? SecondsDefault
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= SecondsMax ? seconds
        : throw new BadInputException($"seconds: \"{text}\" is no number above 0, up to a year.");

    private static int Points(string? text) => text is null ? PointsDefault
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var points) && points is >= 2 and <= PointsMax ? points
        : throw new BadInputException($"points: \"{text}\" is no number from 2 to {PointsMax}.");

    private static string[]? Names(string[]? given)
    {
        var unknown = given?.FirstOrDefault(name => MetricCatalogue.Find(name) is null && !MetricKey.TryParse(name, out _));
        return unknown is not null ? throw new BadInputException($"names: there is no metric \"{unknown}\"; /metrics has all of them.") : given is [] ? null : given;
    }
}

using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Globalization;
using System.Text.Json;
using System.Web;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>
/// Answers for LabNet's API what the timeline asks: x86 traced a block request every 10 ms for ten minutes, and each took 4 ms; arm traced
/// nothing. What the page draws can then be told beforehand.
/// </summary>
internal sealed class FakeTrace
{
    public const string Begin = "virtio_blk_handle_read";
    public const string End = "virtio_blk_req_complete";

    /// <summary>What a guest could have had a hand in.</summary>
    public const string Hostile = "<img src=x onerror=\"window.hacked=1\">";

    public static readonly DateTimeOffset Start = Labs.Noon.AddDays(-300);
    public static readonly DateTimeOffset Over = Start.AddMinutes(10);

    private const long EveryUs = 10_000;
    private const long TakesUs = 4_000;
    private const long Requests = 60_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Path and query of everything that was asked.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>LabNet does not answer.</summary>
    public bool IsAway { get; set; }

    /// <summary>What LabNet answers instead, such as 503; null where all is well.</summary>
    public int? Fault { get; set; }

    /// <summary>Whoever waits for it is answered then; null where the answer comes at once.</summary>
    public TaskCompletionSource? Awaited { get; set; }

    public async Task AttachAsync(IPage page) => await page.RouteAsync("**/api/v1/**", AnswerAsync);

    public static string Address(double fromSeconds, double toSeconds, string more = "") =>
        $"/timeline?from={Ms(fromSeconds)}&to={Ms(toSeconds)}{more}";

    private static string Ms(double seconds) => Start.AddSeconds(seconds).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private async Task AnswerAsync(IRoute route)
    {
        var uri = new Uri(route.Request.Url);
        Asked.Enqueue(uri.PathAndQuery);
        if (IsAway)
        {
            await route.AbortAsync();
            return;
        }

        await (Awaited?.Task ?? Task.CompletedTask);
        if (Fault is { } status)
        {
            await FulfilAsync(route, new { title = "The history cannot be read", detail = "The database ring.db cannot be read: disk I/O error." }, status);
            return;
        }

        var query = HttpUtility.ParseQueryString(uri.Query);
        if (query["filter"] is { } filter && filter.IndexOf("sektor", StringComparison.Ordinal) is >= 0 and var position)
        {
            await FulfilAsync(route, new { title = "Bad input", detail = $"filter: at {position + 1}: no event has “sektor”; did you mean sector?", position, hint = "sector" }, 400);
            return;
        }

        await (uri.AbsolutePath["/api/v1/".Length..] switch
        {
            "trace/timeline" => FulfilLinesAsync(route, Bins(query)),
            "trace/statistics" => FulfilAsync(route, Statistics(query)),
            "trace" => FulfilAsync(route, Events(query)),
            "events" => FulfilAsync(route, History(query)),
            var path when path.EndsWith("/metrics", StringComparison.Ordinal) => FulfilAsync(route, new { series = Array.Empty<object>() }),
            var path when path.Contains("/trace-events/", StringComparison.Ordinal) => FulfilAsync(route, Declared),
            _ => FulfilAsync(route, new { detail = "There is nothing." }, 404),
        });
    }

    private static object Declared => new
    {
        name = End,
        enabled = true,
        fields = new[] { new { name = "vdev", type = "void *", kind = "hex" }, new { name = "req", type = "uint64_t", kind = "natural" } },
    };

    /// <summary>In two parts, the newer first. As LabNet does it, bins begin at multiples of their width.</summary>
    private static IEnumerable<object> Bins(NameValueCollection query)
    {
        var (since, until) = (Us(query["from"]), Us(query["to"]));
        var width = (until - since) / (int.Parse(query["bins"]!, CultureInfo.InvariantCulture) - 1);
        var origin = (Start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var first = ((since + origin) / width * width) - origin;
        var bins = (int)((until - first + width - 1) / width);
        foreach (var (low, high, searched) in ((int, int, double)[])[(bins / 2, bins, 0.5), (0, bins / 2, 1.0)])
        {
            object?[] tracks = [TrackOf(Begin, 0, first, width, low, high), TrackOf(End, TakesUs, first, width, low, high)];
            yield return new
            {
                from = Iso(first),
                to = query["to"],
                binNs = width * 1000,
                bins,
                searched,
                complete = searched >= 1,
                tracks = query["filter"] is null ? tracks.Where(track => track is not null) : [],
            };
        }
    }

    private static object? TrackOf(string name, long offset, long first, long width, int low, int high)
    {
        var full = Enumerable.Range(low, high - low)
            .Select(bin => (Bin: bin, Count: CountIn(first + (bin * width), first + ((bin + 1) * width), offset)))
            .Where(bin => bin.Count > 0).ToList();
        var isTimed = name == End;
        return full.Count == 0 ? null : new
        {
            vm = "x86",
            track = name,
            events = full.Sum(bin => bin.Count),
            bin = full.Select(bin => bin.Bin),
            count = full.Select(bin => bin.Count),
            latencyCount = isTimed ? full.Select(bin => bin.Count) : null,
            latencyMeanUs = isTimed ? full.Select(_ => (double)TakesUs) : null,
            latencyMaxUs = isTimed ? full.Select(_ => (double)TakesUs) : null,
        };
    }

    private static IEnumerable<object> Statistics(NameValueCollection query)
    {
        var (since, until, events) = (Us(query["from"]), Us(query["to"]), query["events"]?.Split(','));
        return from one in new[] { (Name: Begin, Offset: 0L), (Name: End, Offset: TakesUs) }
               where query["vm"] == "x86" && (events is null || events.Contains(one.Name))
               let count = CountIn(since, until, one.Offset)
               where count > 0
               select new
               {
                   vm = "x86",
                   @event = one.Name,
                   count,
                   ratePerSecond = count * 1e6 / (until - since),
                   latencyUs = one.Name == End ? new { count, p50 = 4000.0, p95 = 4000.0, p99 = 4000.0, max = 4000.0 } : null,
               };
    }

    private static object Events(NameValueCollection query)
    {
        var (since, until) = (Us(query["from"] ?? Iso(0)), Us(query["to"] ?? Iso(EveryUs * Requests)));
        var (limit, skip) = (int.Parse(query["limit"]!, CultureInfo.InvariantCulture), int.Parse(query["cursor"] ?? "0", CultureInfo.InvariantCulture));
        var isAny = query["vm"] == "x86" && query["filter"] is null;
        var last = Math.Min(Requests - 1, until / EveryUs);
        var requests = isAny ? (int)Math.Max(0, last - Math.Max(0, (since - TakesUs) / EveryUs) + 1) : 0;
        var all = from back in Enumerable.Range(0, requests)
                  from isEnd in (bool[])[true, false]
                  let number = last - back
                  let at = (number * EveryUs) + (isEnd ? TakesUs : 0)
                  let name = isEnd ? End : Begin
                  where at >= since && at < until && query["events"]?.Split(',').Contains(name) != false
                  select new
                  {
                      time = Iso(at),
                      seq = (number * 2) + (isEnd ? 1 : 0),
                      vm = "x86",
                      @event = name,
                      thread = 4711,
                      vcpu = 0,
                      args = new { vdev = 0xffff888003a40001, req = number },
                      latencyUs = isEnd ? (double?)TakesUs : null,
                  };
        var page = all.Skip(skip).Take(limit).ToList();
        return new { items = page, cursor = page.Count == limit ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null };
    }

    private static object History(NameValueCollection query)
    {
        (long At, string Kind, string Name, string Text)[] told =
        [
            (62_000_000, "guest", "problem", Hostile),
            (61_000_000, "qmp", "RESUME", "The vCPUs run."),
            (60_000_000, "qmp", "STOP", "The vCPUs stopped."),
            (-60_000_000, "process", "started", "QEMU runs as process 4711."),
        ];
        var (since, until) = (Us(query["from"] ?? Iso(-1_000_000_000)), Us(query["to"]));
        var found = told.Where(one => one.At >= since && one.At < until && query["vm"] != "arm" && query["kind"]?.Split(',').Contains(one.Kind) != false);
        return new
        {
            items = found.Select(one => new { time = Iso(one.At), seq = one.At, vm = "x86", kind = one.Kind, name = one.Name, text = one.Text, data = (object?)null }),
            cursor = (string?)null,
        };
    }

    /// <summary>Times here are microseconds since the first request.</summary>
    private static long CountIn(long from, long to, long offset) => Math.Max(0, Before(to - offset) - Before(from - offset));

    private static long Before(long us) => Math.Clamp((us + EveryUs - 1) / EveryUs, 0, Requests);

    private static long Us(string? iso) => (DateTimeOffset.Parse(iso!, CultureInfo.InvariantCulture) - Start).Ticks / TimeSpan.TicksPerMicrosecond;

    private static string Iso(long us) =>
        Start.AddTicks(us * TimeSpan.TicksPerMicrosecond).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static Task FulfilAsync(IRoute route, object body, int status = 200) => route.FulfillAsync(new()
    {
        Status = status,
        ContentType = status == 200 ? "application/json" : "application/problem+json",
        Body = JsonSerializer.Serialize(body, Json),
    });

    private static Task FulfilLinesAsync(IRoute route, IEnumerable<object> lines) =>
        route.FulfillAsync(new() { ContentType = "application/x-ndjson", Body = string.Concat(lines.Select(line => $"{JsonSerializer.Serialize(line, Json)}\n")) });
}

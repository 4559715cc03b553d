using System.Collections.Concurrent;
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

        var query = HttpUtility.ParseQueryString(uri.Query);
        if (query["filter"] is { } filter && filter.IndexOf("sektor", StringComparison.Ordinal) is >= 0 and var position)
        {
            await FulfilAsync(route, new { title = "Bad input", detail = "No event has the argument “sektor”.", position, hint = "Did you mean sector?" }, 400);
            return;
        }

        await (uri.AbsolutePath["/api/v1/".Length..] switch
        {
            "trace/timeline" => FulfilLinesAsync(route, Bins(query)),
            "trace/statistics" => FulfilAsync(route, Statistics(query)),
            "trace" => FulfilAsync(route, Events(query)),
            "events" => FulfilAsync(route, History(query)),
            var path when path.EndsWith("/metrics", StringComparison.Ordinal) => FulfilAsync(route, new { from = query["from"], to = query["to"], series = Array.Empty<object>() }),
            var path when path.Contains("/trace-events/", StringComparison.Ordinal) => FulfilAsync(route, Declared),
            _ => FulfilAsync(route, new { detail = "There is nothing." }, 404),
        });
    }

    private static object Declared => new
    {
        name = End, enabled = true, fields = new object[] { new { name = "vdev", type = "void *", kind = "hex" }, new { name = "req", type = "uint64_t", kind = "natural" } },
    };

    /// <summary>In two parts, the newer first.</summary>
    private static IEnumerable<object> Bins(System.Collections.Specialized.NameValueCollection query)
    {
        var (from, to, bins) = (Us(query["from"]), Us(query["to"]), int.Parse(query["bins"]!, CultureInfo.InvariantCulture));
        var width = (to - from) / bins;
        foreach (var (first, last, searched) in (ReadOnlySpan<(int, int, double)>)[(bins / 2, bins, 0.5), (0, bins / 2, 1.0)])
        {
            object?[] tracks = [Track(Begin, 0, isTimed: false), Track(End, TakesUs, isTimed: true)];
            yield return new
            {
                from = query["from"], to = query["to"], binNs = width * 1000, bins, searched, complete = searched >= 1,
                tracks = query["filter"] is { } filter && filter.Contains("nothing", StringComparison.Ordinal) ? [] : tracks.Where(track => track is not null),
            };

            object? Track(string name, long offset, bool isTimed)
            {
                var full = Enumerable.Range(first, last - first).Select(bin => (Bin: bin, Count: CountIn(from + (bin * width), from + ((bin + 1) * width), offset))).Where(bin => bin.Count > 0).ToList();
                return full.Count == 0 ? null : new
                {
                    vm = "x86", track = name, events = full.Sum(bin => bin.Count), bin = full.Select(bin => bin.Bin), count = full.Select(bin => bin.Count),
                    latencyCount = isTimed ? full.Select(bin => bin.Count) : null,
                    latencyMeanUs = isTimed ? full.Select(_ => (double)TakesUs) : null,
                    latencyMaxUs = isTimed ? full.Select(_ => (double)TakesUs) : null,
                };
            }
        }
    }

    private static IEnumerable<object> Statistics(System.Collections.Specialized.NameValueCollection query)
    {
        var (from, to, events) = (Us(query["from"]), Us(query["to"]), query["events"]?.Split(','));
        return from one in new[] { (Name: Begin, Offset: 0L), (Name: End, Offset: TakesUs) }
               where query["vm"] == "x86" && (events is null || events.Contains(one.Name))
               let count = CountIn(from, to, one.Offset)
               where count > 0
               select new
               {
                   vm = "x86", @event = one.Name, count, ratePerSecond = count * 1e6 / (to - from),
                   latencyUs = one.Name == End ? new { p50 = 4000.0, p95 = 4000.0, p99 = 4000.0, max = 4000.0 } : null,
               };
    }

    private static object Events(System.Collections.Specialized.NameValueCollection query)
    {
        var (from, to) = (Us(query["from"] ?? Iso(0)), Us(query["to"] ?? Iso(long.MaxValue / 2)));
        var (limit, skip) = (int.Parse(query["limit"]!, CultureInfo.InvariantCulture), int.Parse(query["cursor"] ?? "0", CultureInfo.InvariantCulture));
        var last = query["vm"] == "x86" && query["filter"] is null ? Math.Min(Requests - 1, to / EveryUs) : -1;
        var all = from number in Enumerable.Range(0, (int)Math.Max(0, last - Math.Max(0, (from - TakesUs) / EveryUs) + 1)).Select(back => last - back)
                  from isEnd in new[] { true, false }
                  let at = (number * EveryUs) + (isEnd ? TakesUs : 0)
                  where at >= from && at < to && (query["events"] is not { } names || names.Split(',').Contains(isEnd ? End : Begin))
                  select new
                  {
                      time = Iso(at), seq = (number * 2) + (isEnd ? 1 : 0), vm = "x86", @event = isEnd ? End : Begin, thread = 4711, vcpu = (int?)0,
                      args = new { vdev = 0xffff888003a40001, req = number }, latencyUs = isEnd ? (double?)TakesUs : null, raw = (string?)null,
                  };
        var page = all.Skip(skip).Take(limit).ToList();
        return new { items = page, cursor = page.Count == limit ? (skip + limit).ToString(CultureInfo.InvariantCulture) : null };
    }

    private static object History(System.Collections.Specialized.NameValueCollection query)
    {
        var told = new[]
        {
            Told(-60_000_000, "process", "started", "QEMU runs as process 4711."),
            Told(60_000_000, "qmp", "STOP", "The vCPUs stopped."),
            Told(61_000_000, "qmp", "RESUME", "The vCPUs run."),
            Told(62_000_000, "guest", "problem", Hostile),
        };
        var (from, to) = (Us(query["from"] ?? Iso(-1_000_000_000)), Us(query["to"] ?? Iso(long.MaxValue / 2)));
        var found = told.Where(one => one.At >= from && one.At < to && (query["vm"] is null or "x86") && query["kind"]?.Split(',').Contains(one.Kind) != false);
        return new { items = found.Reverse().Select(one => new { time = Iso(one.At), seq = one.At, vm = "x86", kind = one.Kind, name = one.Name, text = one.Text, data = (object?)null }), cursor = (string?)null };

        static (long At, string Kind, string Name, string Text) Told(long at, string kind, string name, string text) => (at, kind, name, text);
    }

    /// <summary>Times here are microseconds since the first request.</summary>
    private static long CountIn(long from, long to, long offset) => Math.Max(0, Before(to - offset) - Before(from - offset));

    private static long Before(long us) => Math.Clamp((us + EveryUs - 1) / EveryUs, 0, Requests);

    private static long Us(string? iso) => (DateTimeOffset.Parse(iso!, CultureInfo.InvariantCulture) - Start).Ticks / TimeSpan.TicksPerMicrosecond;

    private static string Iso(long us) => Start.AddTicks(Math.Min(us, 86_400_000_000_000) * TimeSpan.TicksPerMicrosecond).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static Task FulfilAsync(IRoute route, object body, int status = 200) =>
        route.FulfillAsync(new() { Status = status, ContentType = status == 200 ? "application/json" : "application/problem+json", Body = JsonSerializer.Serialize(body, Json) });

    private static Task FulfilLinesAsync(IRoute route, IEnumerable<object> lines) =>
        route.FulfillAsync(new() { ContentType = "application/x-ndjson", Body = string.Concat(lines.Select(line => $"{JsonSerializer.Serialize(line, Json)}\n")) });
}

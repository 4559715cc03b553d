using System.Globalization;

namespace LabNet.Web.Dashboard.Charts;

/// <summary>Which time the charts show: the newest stretch, which moves, or a stretch that stands still.</summary>
/// <param name="Live">How much of the newest; null for a stretch that stands still.</param>
public sealed record TimeRange(TimeSpan? Live, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>The shortest stretch that can be zoomed into.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>Nanoseconds since 1970 reach no further; and so far, a stretch can be moved and widened without leaving the calendar.</summary>
    private static readonly long LatestMs = new DateTimeOffset(2262, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>What the control offers, by the words that stand in the address.</summary>
    public static readonly IReadOnlyList<(string Word, TimeSpan Length, string Title)> Lives =
    [
        ("1m", TimeSpan.FromMinutes(1), "1 min"),
        ("5m", TimeSpan.FromMinutes(5), "5 min"),
        ("15m", TimeSpan.FromMinutes(15), "15 min"),
        ("1h", TimeSpan.FromHours(1), "1 h"),
        ("6h", TimeSpan.FromHours(6), "6 h"),
        ("24h", TimeSpan.FromHours(24), "24 h"),
        ("7d", TimeSpan.FromDays(7), "7 d"),
        ("30d", TimeSpan.FromDays(30), "30 d"),
    ];

    public static readonly TimeRange Default = Newest(TimeSpan.FromMinutes(5));

    public bool IsLive => Live is not null;

    /// <summary>As the address says it; the default for what cannot be understood.</summary>
    /// <param name="word">One of <see cref="Lives"/>.</param>
    /// <param name="from">Milliseconds since 1970, with <paramref name="to"/>.</param>
    public static TimeRange Of(string? word, string? from, string? to)
    {
        if (TryTime(from, out var first) && TryTime(to, out var last) && last - first >= Shortest)
        {
            return new TimeRange(null, first, last);
        }

        var live = Lives.FirstOrDefault(one => one.Word == word);
        return live.Word is null ? Default : Newest(live.Length);
    }

    /// <summary>The address's parameters for this range; null takes one away.</summary>
    public IReadOnlyDictionary<string, object?> ToQuery() => new Dictionary<string, object?>
    {
        ["range"] = Live is { } length && length != Default.Live ? Lives.First(one => one.Length == length).Word : null,
        ["from"] = IsLive ? null : From.ToUnixTimeMilliseconds(),
        ["to"] = IsLive ? null : To.ToUnixTimeMilliseconds(),
    };

    public static TimeRange Newest(TimeSpan length) => new(length, default, default);

    public static TimeRange Between(DateTimeOffset from, DateTimeOffset to) =>
        new(null, from, to - from < Shortest ? from + Shortest : to);

    /// <summary>The same length, earlier or later.</summary>
    /// <param name="lengths">Such as −1 for the stretch before.</param>
    public TimeRange Moved(double lengths) => this with { From = From + ((To - From) * lengths), To = To + ((To - From) * lengths) };

    /// <summary>Twice as much, around the same middle.</summary>
    public TimeRange Wider() => this with { From = From - ((To - From) / 2), To = To + ((To - From) / 2) };

    private static bool TryTime(string? text, out DateTimeOffset time)
    {
        time = default;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) || ms > LatestMs)
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeMilliseconds(ms);
        return true;
    }
}

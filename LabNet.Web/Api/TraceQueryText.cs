using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>The filter of a request is none; the mistake tells where.</summary>
internal sealed class BadFilterException(string mistake, int position, string? hint) : Exception($"filter: {mistake}")
{
    public BadFilterException(TraceFilterMistake mistake) : this(mistake.ToString(), mistake.Position, mistake.Hint)
    {
    }

    /// <summary>Characters before the mistake.</summary>
    public int Position { get; } = position;

    /// <summary>What was perhaps meant.</summary>
    public string? Hint { get; } = hint;
}

/// <summary>What a request's query says of trace events, read strictly.</summary>
internal static class TraceQueryText
{
    private const int BinsDefault = 1500;
    private const int BinsMax = 10_000;
    private static readonly TimeSpan RangeDefault = TimeSpan.FromHours(1);

    /// <summary>Null where nothing is left out.</summary>
    /// <exception cref="BadFilterException"/>
    public static TraceFilter? Filter(string? filter, string? events, TraceCatalogue catalogue)
    {
        var names = Words(events) is { Length: > 0 } words ? $"event in ({string.Join(", ", words.Select(Quoted))})" : null;
        if (string.IsNullOrWhiteSpace(filter))
        {
            return names is null ? null : Parsed(names, catalogue);
        }

        // By itself at first: what is wrong with it is told in its own places, and no bracket of it ends ours.
        var own = Parsed(filter, catalogue);
        return names is null ? own : Parsed($"{names} and ({filter})", catalogue);
    }

    /// <exception cref="BadInputException">A time is none, or a range has no length.</exception>
    /// <exception cref="UnknownThingException">There is no such VM.</exception>
    public static TraceTimelineQuery Query(VmRegistry vms, string? vm, string? from, string? to, DateTimeOffset now, TraceFilter? filter)
    {
        var names = Words(vm) is { Length: > 0 } given ? [.. given.Select(name => vms.Require(name).State.Name)] : vms.Vms.Select(session => session.State.Name).ToList();
        var range = QueryText.Range(from, to);
        var end = range.To ?? now;
        var begin = range.From ?? end - RangeDefault;
        return begin < end
            ? new TraceTimelineQuery(names, begin.ToUnixTimeNs(), end.ToUnixTimeNs(), BinsDefault, TraceTrackBy.Event, filter)
            : throw new BadInputException("from: it is not before to.");
    }

    public static int Bins(string? text) => text is null ? BinsDefault
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bins) && bins is >= 2 and <= BinsMax ? bins
        : throw new BadInputException($"bins: \"{text}\" is no number from 2 to {BinsMax}.");

    public static TraceTrackBy Tracks(string? text) => QueryText.OneOf("tracks", text, "event", "vcpu", "thread", "device") switch
    {
        "vcpu" => TraceTrackBy.Vcpu,
        "thread" => TraceTrackBy.Thread,
        "device" => TraceTrackBy.Device,
        _ => TraceTrackBy.Event,
    };

    private static TraceFilter Parsed(string text, TraceCatalogue catalogue) =>
        TraceFilter.TryParse(text, catalogue, out var filter, out var mistake) ? filter : throw new BadFilterException(mistake);

    private static string[] Words(string? list) => list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static string Quoted(string word) => $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

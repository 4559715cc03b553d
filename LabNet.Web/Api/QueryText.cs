using System.Globalization;
using LabNet.Core.Storage;

namespace LabNet.Web.Api;

/// <summary>What a request's query says, read strictly: a filter with a slip of the pen would show everything.</summary>
internal static class QueryText
{
    private const int LimitDefault = 100;
    private const int LimitMax = 1000;

    /// <exception cref="BadInputException">There is another filter than those.</exception>
    public static void ThrowIfUnknown(HttpContext context, IReadOnlyCollection<string> known)
    {
        var unknown = context.Request.Query.Keys.Except(known, StringComparer.OrdinalIgnoreCase).ToList();
        if (unknown.Count > 0)
        {
            throw new BadInputException($"There is no filter {string.Join(", ", unknown)}; there are {string.Join(", ", known)}.");
        }
    }

    /// <summary>How many lines a page has.</summary>
    public static int Limit(string? text) => Number("limit", text, LimitDefault, LimitMax);

    /// <summary>From 1.</summary>
    public static int Number(string name, string? text, int ifLeftOut, int most) => text is null ? ifLeftOut
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most ? number
        : throw new BadInputException($"{name}: \"{text}\" is no number from 1 to {most}.");

    public static PageCursor? Cursor(string? text) => text is null ? null
        : PageCursor.TryParse(text, out var cursor) ? cursor
        : throw new BadInputException("cursor: this is none that a page before gave.");

    /// <summary>A range of time; either end may be left open.</summary>
    public static (DateTimeOffset? From, DateTimeOffset? To) Range(string? from, string? to)
    {
        var range = (From: Time("from", from), To: Time("to", to));
        return range.From > range.To ? throw new BadInputException("from: it is later than to.") : range;
    }

    /// <summary>The first if nothing was said.</summary>
    public static string OneOf(string name, string? text, params ReadOnlySpan<string> allowed) => text is null ? allowed[0]
        : allowed.Contains(text) ? text
        : throw new BadInputException($"{name}: \"{text}\" is none of {string.Join(", ", allowed)}.");

    /// <summary>Words that are separated by commas.</summary>
    public static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static DateTimeOffset? Time(string name, string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && time.Year is >= 1970 and < 2262 ? time
        : throw new BadInputException($"{name}: \"{text}\" is no time such as 2026-11-22T10:00:00Z, from 1970 to 2261.");
}

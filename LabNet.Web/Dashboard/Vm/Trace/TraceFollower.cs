using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>A line of the live list: an event, or that some are not listed.</summary>
/// <param name="LeftOut">Null of an event; 0 where it is not known how many.</param>
public sealed record TraceLine(long Key, TraceEvent? Event, long? LeftOut);

/// <summary>
/// What a viewer sees of a VM's newest trace events. However many come, each pull takes some hundred of them, the newest; where more came, a line
/// says so.
/// </summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class TraceFollower(TraceTail tail)
{
    /// <summary>More than fit on a screen; at ten pulls a second nobody reads more.</summary>
    public const int PullMax = 200;

    public const int LinesMax = 2000;

    private long _after;
    private long _seen;
    private long _filteredOut;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<TraceLine> Lines { get; private set; } = [];

    public TraceFilter? Filter { get; private set; }

    /// <summary>How many lines were kept since the pause, whether they pass the viewer's filter or not.</summary>
    public long WhilePaused { get; private set; }

    /// <summary>Begins anew with the events in memory that pass.</summary>
    public void Choose(TraceFilter? filter) => (Filter, _after, Lines, WhilePaused) = (filter, 0, [], 0);

    /// <summary>Takes what is new, or counts it where it is to wait.</summary>
    /// <param name="writtenSequence">Of the newest event that is known of.</param>
    /// <param name="filteredOut">How many events no switch's filter let through so far.</param>
    public void Pull(long writtenSequence, long filteredOut, bool isPaused)
    {
        WhilePaused = isPaused ? Math.Max(0, writtenSequence - _seen - (filteredOut - _filteredOut)) : 0;
        if (isPaused && _after > 0)
        {
            return;
        }

        // A pause that begins before anything was shown still shows what there is.
        var page = tail.Read(_after, Filter, PullMax);
        var fresh = page.Events.Select(one => new TraceLine(one.Sequence, one, LeftOut: null)).ToList();
        if (_after > 0 && (page.Missed || page.Events.Count == PullMax))
        {
            var oldest = page.Events is [.., var last] ? last.Sequence : page.LastSequence + 1;
            fresh.Add(new TraceLine(-oldest, Event: null, Filter is null ? oldest - 1 - _after : 0));
        }

        Lines = fresh.Count == 0 ? Lines : [.. fresh.Concat(Lines).Take(LinesMax)];
        _after = page.LastSequence;
        (_seen, _filteredOut) = (Math.Max(writtenSequence, page.LastSequence), filteredOut);
    }
}

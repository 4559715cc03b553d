using LabNet.Core.Feed;
using LabNet.Core.History;

namespace LabNet.Web.Dashboard.Events;

/// <summary>
/// The newest events of a page, newest first: what was read, and what came since. Each is there once, also when the feed tells what the
/// database had already.
/// </summary>
internal sealed class EventList(IEnumerable<LabEvent> read, int shownMax)
{
    private readonly HashSet<(FeedSource, long)> _known = [.. read.Select(KeyOf)];

    /// <summary>What is on the page; another list after each change.</summary>
    public IReadOnlyList<LabEvent> Shown { get; private set; } = [.. read];

    /// <summary>A held page stays as it is and counts what it does not show.</summary>
    public bool IsHeld { get; set; }

    public long Withheld { get; private set; }

    public void Add(LabEvent e)
    {
        if (IsHeld)
        {
            Withheld += _known.Contains(KeyOf(e)) ? 0 : 1;
            return;
        }

        if (!_known.Add(KeyOf(e)))
        {
            return;
        }

        var at = 0;
        while (at < Shown.Count && Shown[at].TimeNs > e.TimeNs)
        {
            at++;
        }

        List<LabEvent> next = [.. Shown];
        next.Insert(at, e);
        foreach (var gone in next.Skip(shownMax))
        {
            _known.Remove(KeyOf(gone));
        }

        Shown = next.Count > shownMax ? next[..shownMax] : next;
    }

    private static (FeedSource, long) KeyOf(LabEvent e) => (e.Source, e.Sequence);
}

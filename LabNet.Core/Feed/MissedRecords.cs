namespace LabNet.Core.Feed;

/// <summary>
/// What a slow subscriber missed at one place of its queue: a count per source, and the newest record of each state, which is still owed.
/// Its size is bounded by the number of sources and of states.
/// </summary>
internal sealed class MissedRecords
{
    private readonly Dictionary<FeedSource, (long First, long Last, long Count, long TimeNs)> _lost = [];
    private readonly OrderedDictionary<(FeedSource, string), FeedRecord> _owed = [];

    public void Add(FeedRecord record)
    {
        if (record.Item.RetainedAs is not { } key)
        {
            Lose(record);
            return;
        }

        // Removed before it is added, so that what is owed stays in the order of publishing.
        if (_owed.Remove((record.Source, key), out var older))
        {
            Lose(older);
        }

        _owed.Add((record.Source, key), record);
    }

    /// <summary>A gap per source, then the states.</summary>
    public IEnumerable<FeedRecord> Tell()
    {
        foreach (var (source, lost) in _lost)
        {
            yield return new FeedRecord(source, lost.Last, lost.TimeNs, new FeedGap(lost.First, lost.Last, lost.Count));
        }

        foreach (var record in _owed.Values)
        {
            yield return record;
        }
    }

    private void Lose(FeedRecord record)
    {
        _lost[record.Source] = _lost.TryGetValue(record.Source, out var lost)
            ? (Math.Min(lost.First, record.Sequence), Math.Max(lost.Last, record.Sequence), lost.Count + 1, record.TimeNs)
            : (record.Sequence, record.Sequence, 1, record.TimeNs);
    }
}

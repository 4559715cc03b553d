using LabNet.Core.Feed;

namespace LabNet.Tests.Feed;

internal sealed record Changed(string Key, long Value) : FeedItem
{
    public override string RetainedAs => Key;
}

internal sealed record Happened(long Value) : FeedItem;

/// <summary>
/// Reads one subscription and checks what every subscriber may rely on: each source's records come once and in order, whatever is
/// missing stands in a gap, and what is known after all is read is what the feed knows.
/// </summary>
/// <param name="bases">The sequences of the sources at the moment of subscribing; null where publishers ran meanwhile.</param>
internal sealed class FeedReader(FeedSubscription subscription, IReadOnlyDictionary<FeedSource, long>? bases) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<FeedRecord> _records =
        subscription.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

    private readonly Dictionary<FeedSource, long> _last = [];
    private readonly Dictionary<FeedSource, List<FeedGap>> _gaps = [];
    private readonly Dictionary<FeedSource, List<long>> _seen = [];

    public FeedSubscription Subscription { get; } = subscription;

    public Dictionary<(FeedSource Source, string Key), FeedRecord> States { get; } =
        subscription.Snapshot.ToDictionary(record => (record.Source, record.Item.RetainedAs!));

    public long Base(FeedSource source) => bases?.GetValueOrDefault(source) ?? 0;

    public long LastSequence(FeedSource source) => Math.Max(
        _last.GetValueOrDefault(source), _gaps.TryGetValue(source, out var gaps) ? gaps.Max(gap => gap.LastSequence) : 0);

    /// <summary>The next record; false at the end.</summary>
    public async Task<bool> ReadAsync()
    {
        if (!await _records.MoveNextAsync())
        {
            return false;
        }

        var record = _records.Current;
        if (record.Item is FeedGap gap)
        {
            Assert.True(gap.Records > 0 && gap.FirstSequence <= gap.LastSequence && gap.Records <= gap.LastSequence - gap.FirstSequence + 1, $"{gap}");
            ListOf(_gaps, record.Source).Add(gap);
            return true;
        }

        Assert.True(record.Sequence > _last.GetValueOrDefault(record.Source), $"{record} came after {_last.GetValueOrDefault(record.Source)}");
        _last[record.Source] = record.Sequence;
        ListOf(_seen, record.Source).Add(record.Sequence);
        if (record.Item.RetainedAs is { } key)
        {
            States[(record.Source, key)] = record;
        }

        return true;
    }

    /// <summary>To be called when all is read.</summary>
    /// <param name="wanted">Whether the subscriber asked for a record, by its sequence.</param>
    public void CheckComplete(FeedSource source, long published, Func<long, bool> wanted)
    {
        var gaps = ListOf(_gaps, source).OrderBy(gap => gap.FirstSequence).ToList();
        Assert.All(gaps.Zip(gaps.Skip(1)), pair => Assert.True(pair.First.LastSequence < pair.Second.FirstSequence, $"{pair.First} {pair.Second}"));

        var seen = ListOf(_seen, source).ToHashSet();
        var first = bases is null ? FirstTold(source) : bases.GetValueOrDefault(source) + 1;
        var missing = Sequences(first, published).Where(sequence => wanted(sequence) && !seen.Contains(sequence)).ToList();
        Assert.Equal(gaps.Sum(gap => gap.Records), missing.Count);
        Assert.All(missing, sequence => Assert.Contains(gaps, gap => gap.FirstSequence <= sequence && sequence <= gap.LastSequence));
    }

    /// <summary>Without holes, what follows the snapshot begins right behind the state in it.</summary>
    public void CheckJoinsSnapshot(FeedSource source)
    {
        var state = Subscription.Snapshot.SingleOrDefault(record => record.Source == source);
        if (_seen.ContainsKey(source) || _gaps.ContainsKey(source))
        {
            Assert.Equal((state?.Sequence ?? 0) + 1, FirstTold(source));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Subscription.Dispose();
        await _records.DisposeAsync();
    }

    private long FirstTold(FeedSource source) => Math.Min(
        ListOf(_seen, source).DefaultIfEmpty(long.MaxValue).First(),
        ListOf(_gaps, source).Select(gap => gap.FirstSequence).DefaultIfEmpty(long.MaxValue).Min());

    private static IEnumerable<long> Sequences(long first, long last)
    {
        for (var sequence = first; sequence <= last; sequence++)
        {
            yield return sequence;
        }
    }

    private static List<T> ListOf<T>(Dictionary<FeedSource, List<T>> lists, FeedSource source)
    {
        if (!lists.TryGetValue(source, out var list))
        {
            lists[source] = list = [];
        }

        return list;
    }
}

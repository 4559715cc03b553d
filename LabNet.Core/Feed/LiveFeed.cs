namespace LabNet.Core.Feed;

/// <summary>How the feed does.</summary>
/// <param name="Published">Records since the start.</param>
/// <param name="Missed">That some subscriber was too slow for, counted once for each; all were told as gaps.</param>
/// <param name="WaitingMax">Records that wait for the slowest subscriber now.</param>
public sealed record FeedHealth(long Published, long Missed, int Subscriptions, int WaitingMax);

/// <summary>
/// One sequence of records per source, to any number of subscribers. A publisher never waits: a subscriber that is too slow gets a
/// <see cref="FeedGap"/>, and after it the newest of each state that it missed, so that what it shows is never stale for good.
/// </summary>
/// <remarks>Thread-safe. Reading the current state and subscribing is one atomic step.</remarks>
public sealed class LiveFeed(TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<FeedSource, long> _sequences = [];
    private readonly Dictionary<(FeedSource, string), (long Order, FeedRecord Record)> _retained = [];
    private readonly HashSet<FeedSubscription> _subscriptions = [];
    private long _published;
    private long _missedByGone;

    public FeedRecord Publish(FeedSource source, FeedItem item)
    {
        lock (_sync)
        {
            var sequence = _sequences.GetValueOrDefault(source) + 1;
            _sequences[source] = sequence;
            var record = new FeedRecord(source, sequence, time.GetUnixTimeNs(), item);
            _published++;
            if (item.RetainedAs is { } key)
            {
                _retained[(source, key)] = (_published, record);
            }

            foreach (var subscription in _subscriptions)
            {
                subscription.Post(record);
            }

            return record;
        }
    }

    /// <summary>Goes on behind the numbers of the LabNet before this one. To be called before anything is published.</summary>
    /// <param name="sequences">By source: the last number that was used.</param>
    /// <exception cref="InvalidOperationException">Something was published already.</exception>
    public void ContinueFrom(IReadOnlyDictionary<FeedSource, long> sequences)
    {
        lock (_sync)
        {
            if (_published > 0)
            {
                throw new InvalidOperationException("The feed has published already.");
            }

            foreach (var (source, last) in sequences)
            {
                _sequences[source] = last;
            }
        }
    }

    /// <summary>The last number of each source.</summary>
    public IReadOnlyDictionary<FeedSource, long> Sequences
    {
        get
        {
            lock (_sync)
            {
                return new Dictionary<FeedSource, long>(_sequences);
            }
        }
    }

    /// <summary>The states as they are now, and everything that follows.</summary>
    /// <param name="wanted">Chooses records; called under the feed's lock, so it must be quick and must not call back.</param>
    /// <param name="capacity">Records that may wait for the reader before it gets a gap.</param>
    public FeedSubscription Subscribe(Func<FeedRecord, bool>? wanted = null, int capacity = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        lock (_sync)
        {
            // By the order of publishing: the wall clock may have been set back meanwhile.
            var snapshot = _retained.Values.OrderBy(r => r.Order).Select(r => r.Record).Where(r => wanted is null || wanted(r)).ToList();
            var subscription = new FeedSubscription(this, wanted, capacity, snapshot);
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    /// <summary>The newest of one state; null if it was never told.</summary>
    public TItem? Find<TItem>(FeedSource source, string retainedAs) where TItem : FeedItem
    {
        lock (_sync)
        {
            return _retained.GetValueOrDefault((source, retainedAs)).Record?.Item as TItem;
        }
    }

    public FeedHealth Health
    {
        get
        {
            lock (_sync)
            {
                return new FeedHealth(
                    _published,
                    _missedByGone + _subscriptions.Sum(one => one.Missed),
                    _subscriptions.Count,
                    _subscriptions.Count == 0 ? 0 : _subscriptions.Max(one => one.Waiting));
            }
        }
    }

    internal void Remove(FeedSubscription subscription)
    {
        lock (_sync)
        {
            _missedByGone += _subscriptions.Remove(subscription) ? subscription.Missed : 0;
        }
    }
}

using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LabNet.Core.Feed;

/// <summary>One reader of a <see cref="LiveFeed"/>. Dispose it to unsubscribe.</summary>
public sealed class FeedSubscription : IDisposable
{
    private readonly LiveFeed _feed;
    private readonly Func<FeedRecord, bool>? _wanted;
    private readonly int _capacity;
    private readonly Channel<object> _waiting = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly Queue<FeedRecord> _owed = new();
    private readonly Lock _sync = new();
    private int _records;
    private MissedRecords? _missed;

    internal FeedSubscription(LiveFeed feed, Func<FeedRecord, bool>? wanted, int capacity, IReadOnlyList<FeedRecord> snapshot)
    {
        _feed = feed;
        _wanted = wanted;
        _capacity = capacity;
        Snapshot = snapshot;
    }

    /// <summary>The newest record of each state at the moment of subscribing, oldest first.</summary>
    public IReadOnlyList<FeedRecord> Snapshot { get; }

    /// <summary>What came after the snapshot, in order; for one reader, who may leave and come back. Ends when the subscription is disposed.</summary>
    public async IAsyncEnumerable<FeedRecord> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            while (_owed.TryDequeue(out var record))
            {
                yield return record;
            }

            while (_owed.Count == 0 && _waiting.Reader.TryRead(out var item))
            {
                Take(item);
            }
        }
        while (_owed.Count > 0 || await _waiting.Reader.WaitToReadAsync(cancellationToken));
    }

    /// <summary>Whether the next record is there already. For the reader.</summary>
    public bool HasMore => _owed.Count > 0 || (_waiting.Reader.TryPeek(out var item) && item is not TaskCompletionSource);

    /// <summary>Ends when the reader has taken everything that was published by now, and has come back for more; or when the subscription is disposed and read to its end.</summary>
    public Task WhenReadAsync()
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_waiting.Writer.TryWrite(read))
        {
            read.SetResult();
        }

        return read.Task;
    }

    public void Dispose()
    {
        _feed.Remove(this);
        _waiting.Writer.TryComplete();
    }

    /// <summary>Records that wait for the reader.</summary>
    internal int Waiting => Volatile.Read(ref _records);

    /// <summary>Records that found no room.</summary>
    internal long Missed { get; private set; }

    internal void Post(FeedRecord record)
    {
        if (_wanted is not null && !_wanted(record))
        {
            return;
        }

        lock (_sync)
        {
            if (_records < _capacity)
            {
                _records++;
                _missed = null;
                _waiting.Writer.TryWrite(record);
                return;
            }

            if (_missed is null)
            {
                _missed = new MissedRecords();
                _waiting.Writer.TryWrite(_missed);
            }

            Missed++;
            _missed.Add(record);
        }
    }

    private void Take(object item)
    {
        if (item is TaskCompletionSource read)
        {
            read.SetResult();
            return;
        }

        lock (_sync)
        {
            if (item is FeedRecord record)
            {
                _records--;
                _owed.Enqueue(record);
                return;
            }

            var missed = (MissedRecords)item;
            _missed = ReferenceEquals(missed, _missed) ? null : _missed;
            foreach (var told in missed.Tell())
            {
                _owed.Enqueue(told);
            }
        }
    }
}

using LabNet.Core.Feed;
using LabNet.Core.Storage;

namespace LabNet.Core.Traffic;

/// <summary>Hands the pings that the feed carries to the ring's writer. While the disk cannot take them, the feed counts what is missed.</summary>
public sealed class PingRecorder(LiveFeed feed, PingStore store, RingWriter ring) : IAsyncDisposable
{
    private const int WaitingMax = 4096;
    private const int AtOnceMax = 256;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _givingUp = new();
    private FeedSubscription? _subscription;
    private Task _loop = Task.CompletedTask;

    /// <summary>Before the ring's writer is started.</summary>
    public void Open()
    {
        ring.AddMaintenance(store.Trim);
        _subscription = feed.Subscribe(record => record.Item is PingMeasured or PathMtuMeasured, WaitingMax);
        _loop = Task.Run(() => RecordLoopAsync(_subscription), CancellationToken.None);
    }

    /// <summary>Ends when everything that was measured by now can be read; after a moment also if the disk does not take it.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => _subscription is null
        ? Task.CompletedTask
        : ring.CatchUpAsync(_subscription.WhenReadAsync(), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _subscription?.Dispose();
        _givingUp.CancelAfter(EndPatience);
        await _loop;
        _givingUp.Dispose();
    }

    private async Task RecordLoopAsync(FeedSubscription subscription)
    {
        var (pings, mtus) = (new List<PingMeasured>(), new List<PathMtuMeasured>());
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_givingUp.Token))
            {
                switch (record.Item)
                {
                    case PingMeasured ping:
                        pings.Add(ping);
                        break;
                    case PathMtuMeasured mtu:
                        mtus.Add(mtu);
                        break;
                }

                if (pings.Count + mtus.Count is var waiting && (waiting >= AtOnceMax || (waiting > 0 && !subscription.HasMore)))
                {
                    await ring.WriteAsync(PingStore.WriteOf([.. pings], [.. mtus]), _givingUp.Token);
                    pings.Clear();
                    mtus.Clear();
                }
            }
        }
        catch (OperationCanceledException) when (_givingUp.IsCancellationRequested)
        {
            // The writer says in the log what it could not write.
        }
    }
}

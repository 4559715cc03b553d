using LabNet.Core.Feed;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>Hands the samples that the feed carries to the ring's writer. While the disk cannot take them, the feed counts what is missed.</summary>
public sealed class MetricRecorder(LiveFeed feed, MetricStore store, RingWriter ring) : IAsyncDisposable
{
    /// <summary>A hundred VMs for more than a minute; some ten megabytes.</summary>
    private const int WaitingMax = 8 * 1024;
    private const int AtOnceMax = 512;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _givingUp = new();
    private FeedSubscription? _subscription;
    private Task _loop = Task.CompletedTask;

    /// <summary>Samples that were not written because the disk did not take them.</summary>
    public long Missed { get; private set; }

    /// <summary>Before the ring's writer is started.</summary>
    public void Open()
    {
        ring.AddMaintenance(store.Maintain);
        _subscription = feed.Subscribe(record => record.Item is MetricsSampled, WaitingMax);
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
        var samples = new List<(string, MetricSample)>();
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_givingUp.Token))
            {
                switch (record.Item)
                {
                    case MetricsSampled { Sample: var sample }:
                        samples.Add((record.Source.Name, sample));
                        break;
                    case FeedGap gap:
                        Missed += gap.Records;
                        feed.Publish(record.Source, new VmHappened(new EventNote(
                            EventKind.Gap, "metrics-not-written", $"{gap.Records} samples are missing here: they came faster than the disk took them.")));
                        break;
                }

                if (samples.Count >= AtOnceMax || (samples.Count > 0 && !subscription.HasMore))
                {
                    (string, MetricSample)[] batch = [.. samples];
                    samples.Clear();
                    await ring.WriteAsync((connection, transaction) => store.Append(connection, transaction, batch), _givingUp.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_givingUp.IsCancellationRequested)
        {
            // The writer says in the log what it could not write.
        }
    }
}

using LabNet.Core.Feed;
using LabNet.Core.Storage;
using Microsoft.Data.Sqlite;

namespace LabNet.Core.History;

/// <summary>
/// Takes what the feed tells that is worth keeping, and hands it to the ring's writer. While the disk cannot take it, this one waits and the
/// feed counts what it misses: nothing that measures or listens is ever held up.
/// </summary>
public sealed class EventRecorder(LiveFeed feed, EventStore store, RingWriter ring, TimeProvider time) : IAsyncDisposable
{
    /// <summary>About a minute of the wildest VM; some megabytes.</summary>
    private const int WaitingMax = 16 * 1024;
    private const int AtOnceMax = 256;

    private static readonly TimeSpan ClockPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClockJump = TimeSpan.FromSeconds(2);

    /// <summary>A full disk does not keep LabNet from ending.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _givingUp = new();
    private FeedSubscription? _subscription;
    private Task _loops = Task.CompletedTask;
    private volatile bool _ended;
    private string? _setAside;

    /// <summary>Goes on where the LabNet before this one ended, and says what is missing in between. Before anything else uses the feed, and before the ring's writer is started.</summary>
    public void Open()
    {
        feed.ContinueFrom(store.ReadSequences());
        _subscription = feed.Subscribe(record => record.Item is EventItem, WaitingMax);
        ring.TellHealthTo(TellHealth);
        ring.AddMaintenance(store.Trim);
        ring.AddMaintenance(Reserve);
        TellAbsence();
        if (ring.Health.SetAside is not null)
        {
            TellHealth(ring.Health);
        }

        var (wall, steady) = (time.GetUtcNow(), time.GetTimestamp());
        _loops = Task.WhenAll(
            Task.Run(() => RecordLoopAsync(_subscription), CancellationToken.None),
            Task.Run(() => ClockLoopAsync(wall, steady, _stopping.Token), CancellationToken.None));
    }

    /// <summary>Ends when everything that was published by now can be read; after a moment also if the disk does not take it.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => _subscription is null
        ? Task.CompletedTask
        : ring.CatchUpAsync(_subscription.WhenReadAsync(), cancellationToken);

    /// <summary>What was published by now is in ring.db, or was counted as missing, when this ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_subscription is null)
        {
            return;
        }

        feed.Publish(FeedSource.Lab, new EventTold(new EventNote(EventKind.Process, "labnet-ended", "LabNet ended.")));
        await _stopping.CancelAsync();
        _subscription.Dispose();
        _givingUp.CancelAfter(EndPatience);
        await _loops;
        _stopping.Dispose();
        _givingUp.Dispose();
    }

    private async Task RecordLoopAsync(FeedSubscription subscription)
    {
        var events = new List<LabEvent>();
        try
        {
            await foreach (var record in subscription.ReadAllAsync(_givingUp.Token))
            {
                if (LabEvent.Of(record) is { } one)
                {
                    events.Add(one);
                }

                if (events.Count >= AtOnceMax || (events.Count > 0 && !subscription.HasMore))
                {
                    await WriteAsync([.. events]);
                    events.Clear();
                }
            }

            _ended = true;
            var last = feed.Sequences;
            await ring.WriteAsync((connection, transaction) => EventStore.Release(connection, transaction, last), _givingUp.Token);
        }
        catch (OperationCanceledException) when (_givingUp.IsCancellationRequested)
        {
            // The writer says in the log what it could not write.
        }
    }

    private ValueTask WriteAsync(LabEvent[] events)
    {
        var sequences = feed.Sequences;
        return ring.WriteAsync(
            (connection, transaction) =>
            {
                EventStore.Reserve(connection, transaction, sequences);
                EventStore.Append(connection, transaction, events);
            },
            _givingUp.Token);
    }

    /// <summary>Also for sources that publish much and have no events.</summary>
    private bool Reserve(SqliteConnection connection, SqliteTransaction transaction)
    {
        if (!_ended)
        {
            EventStore.Reserve(connection, transaction, feed.Sequences);
        }

        return false;
    }

    /// <summary>The wall clock against the one that nobody sets.</summary>
    private async Task ClockLoopAsync(DateTimeOffset wall, long steady, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(ClockPeriod, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            var jump = time.GetUtcNow() - wall - time.GetElapsedTime(steady);
            (wall, steady) = (time.GetUtcNow(), time.GetTimestamp());
            if (jump.Duration() >= ClockJump)
            {
                feed.Publish(FeedSource.Lab, new EventTold(new EventNote(
                    EventKind.Clock, "clock-set", $"The host's clock was set {(jump > TimeSpan.Zero ? "forward" : "back")} by {jump.Duration().TotalSeconds:0.0} s.")));
            }
        }
    }

    private void TellAbsence()
    {
        var note = ring.Before switch
        {
            null => new EventNote(EventKind.Process, "labnet-began", "LabNet runs for the first time here."),
            { Closed: true } before => new EventNote(
                EventKind.Gap, "labnet-down", $"LabNet did not run from {Utc(before.CommittedNs)} until now: what happened meanwhile is missing here.", Data: Since(before)),
            { } before => new EventNote(
                EventKind.Gap,
                "labnet-killed",
                $"LabNet ended without warning after {Utc(before.CommittedNs)}: what it learned in its last moment, and what happened until now, is missing here.",
                Data: Since(before)),
        };
        feed.Publish(FeedSource.Lab, new EventTold(note));
    }

    private void TellHealth(RingWriterHealth health)
    {
        var isNew = health.SetAside != _setAside;
        _setAside = health.SetAside;
        feed.Publish(FeedSource.Lab, new StorageChanged(health, isNew));
    }

    /// <summary>For programs, and for the charts' gaps.</summary>
    private static string Since(RingBooks before) => $$"""{"from":"{{UnixTime.FromUnixTimeNs(before.CommittedNs).UtcDateTime:O}}"}""";

    private static string Utc(long ns) => $"{UnixTime.FromUnixTimeNs(ns).UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
}

/// <summary>Something happened to LabNet itself.</summary>
public sealed record EventTold(EventNote Told) : EventItem
{
    public override EventNote Note => Told;
}

/// <summary>ring.db cannot be written, can be written again, or was found damaged.</summary>
/// <param name="SetAsideNow">Whether this tells of a damaged file for the first time.</param>
public sealed record StorageChanged(RingWriterHealth Health, bool SetAsideNow = false) : EventItem
{
    public override string RetainedAs => "storage";

    public override EventNote Note => Health switch
    {
        { Problem: { } problem } => new(EventKind.Storage, "not-writable", $"The history cannot be written: {problem}"),
        { SetAside: { } aside } when SetAsideNow => new(EventKind.Storage, "damaged", Damaged(Path.GetFileName(aside))),
        _ => new(EventKind.Storage, "writable", "The history is written again."),
    };

    /// <summary>Of a write-ahead log alone the history up to its last checkpoint is still there.</summary>
    private static string Damaged(string aside) => aside.EndsWith("-wal", StringComparison.Ordinal)
        ? $"The history's write-ahead log was damaged and is now {aside}; the newest of what was written before is missing here."
        : $"The history's file was damaged and is now {aside}; a new one is begun.";
}

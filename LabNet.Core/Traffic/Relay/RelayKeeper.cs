using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Traffic;

/// <summary>Something happened to the relay of the lab's links.</summary>
public sealed record RelayHappened(EventNote Told) : EventItem
{
    public override EventNote Note => Told;
}

/// <summary>Sees to it that the relay runs: adopts the one that does, starts one where none does or where it is stuck. Disposing it leaves the relay running.</summary>
public sealed partial class RelayKeeper(Lab lab, Host host, LiveFeed feed, TimeProvider time, ILogger<RelayKeeper> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private string? _known;
    private TimeSpan _pause = Period;

    /// <summary>The relay runs when it is done, or its start has failed and is tried again. Does nothing for a lab without such links.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (lab.Links.Any(link => link.IsByRelay))
        {
            _known = host.ReadRelay().Process?.Note;
            await LookAsync(cancellationToken);
            _loop = Task.Run(() => KeepLoopAsync(_stopping.Token), CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task KeepLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await KeepAsync(cancellationToken);
            _pause = Period;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The link tells its users that the relay does not run.
            LogNotStarted(e);
            _pause = _pause * 2 < PauseMax ? _pause * 2 : PauseMax;
        }
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        var standing = host.ReadRelay();
        if (standing is { Process: not null, IsHung: false })
        {
            return;
        }

        var why = standing.IsHung ? "gave no sign of life and was ended" : "had ended";
        if (standing.Process is { } hung)
        {
            hung.Kill();
            await host.WaitForEndAsync(hung, PauseMax, cancellationToken);
        }

        var words = _known is null ? "" : host.ReadRelayWords();
        var begun = await host.StartRelayAsync(cancellationToken);
        if (_known is not null)
        {
            var said = words.Length == 0 ? "" : $" Its last words: {words}";
            feed.Publish(FeedSource.Lab, new RelayHappened(new EventNote(
                EventKind.Link, "relay-restarted", $"The relay of the lab's links {why}, and was started again; what was on its way is lost.{said}")));
        }

        _known = begun.Note;
    }

    [LoggerMessage(3401, LogLevel.Error, "The relay of the lab's links could not be started; it is tried again")]
    private partial void LogNotStarted(Exception exception);
}

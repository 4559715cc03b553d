using System.Collections.Immutable;
using System.Threading.Channels;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;

namespace LabNet.Core.Faults;

/// <summary>Writes down what happens in a run: on the feed at once, in lab.db in batches.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ChaosJournal : IAsyncDisposable
{
    /// <summary>Whoever fills it waits: a run is no faster than what is kept of it.</summary>
    private const int WaitingMax = 4096;
    private const int AtOnceMax = 256;

    private readonly ChaosStore _store;
    private readonly LiveFeed _feed;
    private readonly TimeProvider _time;
    private readonly Channel<(ChaosRun Run, ChaosLine Line)> _waiting = Channel.CreateBounded<(ChaosRun, ChaosLine)>(WaitingMax);
    private readonly SemaphoreSlim _inOrder = new(1, 1);
    private readonly Task _writing;
    private long _number;

    public ChaosJournal(ChaosRun run, ChaosStore store, LiveFeed feed, TimeProvider time)
    {
        (Run, _store, _feed, _time) = (run, store, feed, time);
        _writing = Task.Run(WriteLoopAsync, CancellationToken.None);
    }

    /// <summary>The run as far as it has come.</summary>
    public ChaosRun Run { get; private set; }

    /// <summary>Why lab.db has not all of it; null if it has.</summary>
    public string? Problem { get; private set; }

    /// <summary>Changes the run and tells why, as one.</summary>
    public async Task TellAsync(Func<ChaosRun, ChaosRun> change, ChaosStep step, string text, VmName? vm = null, int? fault = null, string? check = null, bool? holds = null, double? lateMs = null)
    {
        await _inOrder.WaitAsync();
        try
        {
            var now = _time.GetUtcNow();
            Run = change(Run);
            var line = new ChaosLine(++_number, now, Run.BeganAt is { } began ? Math.Round((now - began).TotalMilliseconds, 1) : null, step, vm, fault, check, holds, lateMs, text);
            _feed.Publish(FeedSource.Lab, new ChaosRunChanged(Run, line));
            await _waiting.Writer.WriteAsync((Run, line));
        }
        finally
        {
            _inOrder.Release();
        }
    }

    /// <summary>Ends when everything is in lab.db, or could not be.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
        _inOrder.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var lines = ImmutableArray.CreateBuilder<ChaosLine>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            ChaosRun? newest = null;
            while (lines.Count < AtOnceMax && _waiting.Reader.TryRead(out var waiting))
            {
                newest = waiting.Run;
                lines.Add(waiting.Line);
            }

            if (newest is not null)
            {
                await WriteAsync(newest, lines.DrainToImmutable());
            }
        }
    }

    private async Task WriteAsync(ChaosRun run, ImmutableArray<ChaosLine> lines)
    {
        try
        {
            await _store.UpdateAsync(run, lines, CancellationToken.None);
        }
        catch (DatabaseException e)
        {
            // The faults go on being lifted; that the journal has a hole the run itself tells.
            Problem ??= $"The journal lacks lines from number {lines[0].Number} on: {e.Message}";
        }
    }
}

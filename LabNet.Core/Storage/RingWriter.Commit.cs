using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Storage;

/// <summary>One batch after the other, each until it is in the database.</summary>
public sealed partial class RingWriter
{
    private const string Savepoint = "one_write";

    /// <returns>False if it could not be written and the writer is to stop: the batch is lost, and said to be.</returns>
    private async Task<bool> CommitAtLastAsync(List<Entry> batch, bool closed)
    {
        while (true)
        {
            try
            {
                await CommitAsync(batch, closed);
                return true;
            }
            catch (DatabaseException e) when (e.IsCorrupt)
            {
                await SetAsideAsync(e);
            }
            catch (Exception e) when (e is SqliteException or DatabaseException or IOException or UnauthorizedAccessException)
            {
                TellProblem(e);
            }

            if (_stopping.IsCancellationRequested)
            {
                LogLost(batch.Count + _queue.Reader.Count);
                batch.ForEach(entry => entry.Written?.TrySetCanceled());
                return false;
            }

            await Task.Delay(RetryPause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CommitAsync(List<Entry> batch, bool closed)
    {
        var began = _time.GetTimestamp();
        var refused = await Database.WriteAsync(
            (connection, transaction) =>
            {
                var faulty = batch.Count(entry => entry.Write is { } write && !TryWrite(write, connection, transaction));
                connection.Execute(
                    "INSERT INTO books (id, committed_ns, closed) VALUES (1, @now, @closed) ON CONFLICT (id) DO UPDATE SET committed_ns = @now, closed = @closed",
                    new { now = (_time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100, closed },
                    transaction);
                return faulty;
            },
            CancellationToken.None);
        TellWritten(batch, refused, _time.GetElapsedTime(began).TotalMilliseconds);
        batch.ForEach(entry => entry.Written?.TrySetResult());
    }

    /// <summary>A write that is wrong in itself would be wrong again: the others of its batch must not wait for it for ever.</summary>
    private bool TryWrite(RingWrite write, SqliteConnection connection, SqliteTransaction transaction)
    {
        transaction.Save(Savepoint);
        try
        {
            write(connection, transaction);
            transaction.Release(Savepoint);
            return true;
        }
        catch (Exception e) when (e is not SqliteException sqlite || !DatabaseException.Explains(sqlite))
        {
            LogRefused(e);
            transaction.Rollback(Savepoint);
            return false;
        }
    }

    private async Task SetAsideAsync(DatabaseException damage)
    {
        try
        {
            var aside = await Database.SetAsideAsync(_time);
            LogSetAside(aside, damage.Reason);
            Tell(_health with { SetAside = aside });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TellProblem(e);
        }
    }

    private void TellWritten(List<Entry> batch, int refused, double ms)
    {
        var writes = batch.Count(entry => entry.Write is not null);
        var next = _health with
        {
            Batches = _health.Batches + 1,
            Writes = _health.Writes + writes,
            LastBatchWrites = writes,
            LastBatchMs = ms,
            LongestBatchMs = Math.Max(_health.LongestBatchMs, ms),
            RefusedWrites = _health.RefusedWrites + refused,
            Problem = null,
            ProblemSince = null,
        };
        if (_health.Problem is null)
        {
            Volatile.Write(ref _health, next);
            return;
        }

        LogWorksAgain();
        Tell(next);
    }

    private void TellProblem(Exception e)
    {
        var reason = e is DatabaseException { Reason: var known } ? known : e.Message;
        if (_health.Problem == reason)
        {
            return;
        }

        LogProblem(e);
        Tell(_health with { Problem = reason, ProblemSince = _health.ProblemSince ?? _time.GetUtcNow() });
    }

    private void Tell(RingWriterHealth health)
    {
        Volatile.Write(ref _health, health);
        _tell?.Invoke(Health);
    }

    [LoggerMessage(1203, LogLevel.Error, "Nothing can be written into ring.db; it is tried again each second")]
    private partial void LogProblem(Exception exception);

    [LoggerMessage(1204, LogLevel.Information, "ring.db can be written again")]
    private partial void LogWorksAgain();

    [LoggerMessage(1205, LogLevel.Error, "A write into ring.db was refused and is left out")]
    private partial void LogRefused(Exception exception);

    [LoggerMessage(1206, LogLevel.Error, "ring.db could not be written at the end: {Writes} writes are lost")]
    private partial void LogLost(int writes);
}

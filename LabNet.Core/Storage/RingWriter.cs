using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Storage;

/// <summary>Something to be written; runs within a batch's transaction, perhaps more than once, because a batch that fails is tried again.</summary>
/// <remarks>The connection can be another one than last time.</remarks>
public delegate void RingWrite(SqliteConnection connection, SqliteTransaction transaction);

/// <summary>A step of tidying up; short, so that no batch waits for long.</summary>
/// <returns>True if there is more to do right away.</returns>
public delegate bool RingMaintenance(SqliteConnection connection, SqliteTransaction transaction);

/// <summary>How ring.db was left by the LabNet before this one.</summary>
/// <param name="CommittedNs">Its last batch, UTC nanoseconds since 1970.</param>
/// <param name="Closed">Whether it ended in order; else its last moment may be missing.</param>
public sealed record RingBooks(long CommittedNs, bool Closed);

/// <summary>The one writer of ring.db: takes what the features have to write, a batch a transaction, and keeps on trying when the disk is full.</summary>
/// <remarks>
/// Thread-safe. Who writes faster than the disk takes waits at <see cref="WriteAsync"/>, not longer than his own queue lets him: the queue
/// here is short, so that what is lost at a crash is the last batch.
/// </remarks>
public sealed partial class RingWriter : IAsyncDisposable
{
    /// <summary>The tables that are read before the writer runs. Damage in the others it meets itself or is told of; all of ring.db would take long to look through.</summary>
    public static readonly IReadOnlyList<string> ReadAtOnce = ["books", "sequences"];

    private const int QueuedWritesMax = 64;
    private const int BatchWritesMax = 64;

    /// <summary>What comes within this time goes into one transaction.</summary>
    private static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaintenancePeriod = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CatchUpPatience = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly ILogger<RingWriter> _logger;
    private readonly Channel<Entry> _queue = Channel.CreateBounded<Entry>(new BoundedChannelOptions(QueuedWritesMax) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<RingMaintenance> _maintenance = [];
    private readonly Lock _sync = new();
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _writeLoop = Task.CompletedTask;
    private RingWriterHealth _health = RingWriterHealth.AtFirst;
    private Action<RingWriterHealth>? _tell;
    private Task<bool>? _more;
    private bool _maintenanceBehind = true;
    private long _maintainedAt;

    /// <param name="database">ring.db; this writer disposes it.</param>
    /// <param name="setAside">Where a damaged file went that was found at the start; null if there was none.</param>
    public RingWriter(Database database, string? setAside, TimeProvider time, ILogger<RingWriter> logger)
    {
        Database = database;
        _time = time;
        _logger = logger;
        if (setAside is not null)
        {
            _health = _health with { SetAside = setAside };
            LogSetAside(setAside, "found at the start");
        }

        var books = database.Read(static reader => reader.QuerySingleOrDefault<(long CommittedNs, long Closed)?>("SELECT committed_ns, closed FROM books"));
        Before = books is { } left ? new RingBooks(left.CommittedNs, left.Closed != 0) : null;
    }

    /// <summary>The file. What features read of it goes through <see cref="Read"/>.</summary>
    public Database Database { get; }

    /// <summary>Null for a new database.</summary>
    public RingBooks? Before { get; }

    public RingWriterHealth Health => Volatile.Read(ref _health) with { QueuedWrites = _queue.Reader.Count };

    /// <summary>To be called before <see cref="Start"/>.</summary>
    public void AddMaintenance(RingMaintenance step) => _maintenance.Add(step);

    /// <summary>To be called before <see cref="Start"/>.</summary>
    /// <param name="tell">Called on the writer's thread when writing fails, works again, or a damaged file was moved aside.</param>
    public void TellHealthTo(Action<RingWriterHealth> tell) => _tell = tell;

    public void Start() => _writeLoop = Task.Run(WriteLoopAsync, CancellationToken.None);

    /// <summary>Ends when the write is queued; waits while the queue is full.</summary>
    /// <exception cref="ChannelClosedException">The writer is closed.</exception>
    public ValueTask WriteAsync(RingWrite write, CancellationToken cancellationToken) => _queue.Writer.WriteAsync(new Entry(write, Written: null), cancellationToken);

    /// <summary>Ends when everything that was queued before is in the database, which while the disk is full is never.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _queue.Writer.WriteAsync(new Entry(Write: null, written), cancellationToken);
        Hurry();
        await written.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Reads on a connection of its own, on the caller's thread. Damage that a reader meets first is the writer's business too: it moves the file aside and begins a new one.</summary>
    /// <exception cref="DatabaseException">The file is damaged, or the machine does not let it be read.</exception>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        var generation = Database.Generation;
        try
        {
            return Database.Read(read);
        }
        catch (DatabaseException e) when (e is { IsCorrupt: true, InnerException: SqliteException damage })
        {
            TellDamage(damage, generation);
            throw;
        }
    }

    /// <inheritdoc cref="Database.ReadExtent"/>
    public StoredRows ReadExtent(string sql) => Read(reader => Database.ExtentOf(reader, sql));

    /// <summary>Waits for somebody to hand in his writes, and for them to be in the database; for a moment only, because a disk may be full for long.</summary>
    public async Task CatchUpAsync(Task handedIn, CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(CatchUpPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        try
        {
            await handedIn.WaitAsync(either.Token);
            await FlushAsync(either.Token);
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The health says why.
        }
    }

    /// <summary>Writes what is queued, and says in the database that it was closed in order.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        await _stopping.CancelAsync();
        Hurry();
        await _writeLoop;
        await Database.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<Entry>();
        while (await WaitForWritesAsync())
        {
            batch.Clear();
            while (batch.Count < BatchWritesMax && _queue.Reader.TryRead(out var entry))
            {
                batch.Add(entry);
            }

            if (batch.Count > 0 && !await CommitAtLastAsync(batch, closed: false))
            {
                break;
            }

            await MaintainAsync();
        }

        await CommitAtLastAsync([], closed: true);
        while (_queue.Reader.TryRead(out var entry))
        {
            entry.Written?.TrySetException(new ChannelClosedException());
        }
    }

    /// <summary>Waits for a first write and a little longer for more, or until it is time to tidy up.</summary>
    /// <returns>False when the writer is closed and everything was read.</returns>
    private async Task<bool> WaitForWritesAsync()
    {
        _more ??= _queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
        if (!await EndsWithinAsync(_more, _maintenanceBehind ? TimeSpan.Zero : MaintenancePeriod))
        {
            return true;
        }

        var isOpen = await _more;
        _more = null;
        if (isOpen && _queue.Reader.Count < BatchWritesMax)
        {
            await EndsWithinAsync(_hurry.Task, GatherFor);
        }

        lock (_sync)
        {
            if (_hurry.Task.IsCompleted && !_stopping.IsCancellationRequested)
            {
                _hurry = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return isOpen;
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan atMost)
    {
        using var enough = new CancellationTokenSource();
        await Task.WhenAny(task, Task.Delay(atMost, _time, enough.Token));
        await enough.CancelAsync();
        return task.IsCompleted;
    }

    private void Hurry()
    {
        lock (_sync)
        {
            _hurry.TrySetResult();
        }
    }

    /// <summary>As if a write had met it, unless the file is another one by then. While the queue is full, the next reader tells it.</summary>
    private void TellDamage(SqliteException damage, int generation) => _queue.Writer.TryWrite(new Entry(
        (_, _) =>
        {
            if (Database.Generation == generation)
            {
                throw damage;
            }
        },
        Written: null));

    private async Task MaintainAsync()
    {
        if (Health.Problem is not null || (!_maintenanceBehind && _time.GetElapsedTime(_maintainedAt) < MaintenancePeriod))
        {
            return;
        }

        _maintainedAt = _time.GetTimestamp();
        _maintenanceBehind = false;
        foreach (var step in _maintenance)
        {
            try
            {
                _maintenanceBehind |= await Database.WriteAsync((connection, transaction) => step(connection, transaction), CancellationToken.None);
            }
            catch (DatabaseException e) when (e.IsCorrupt)
            {
                await SetAsideAsync(e);
            }
            catch (Exception e)
            {
                // A full disk is told by the next batch; tidying up is tried again.
                LogMaintenanceFailed(e);
            }
        }
    }

    private sealed record Entry(RingWrite? Write, TaskCompletionSource? Written);

    [LoggerMessage(1201, LogLevel.Error, "The damaged database was moved to {Path} ({When}); a new one is begun")]
    private partial void LogSetAside(string path, string when);

    [LoggerMessage(1202, LogLevel.Warning, "Tidying up ring.db failed")]
    private partial void LogMaintenanceFailed(Exception exception);
}

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace LabNet.Core.Consoles;

/// <summary>
/// A VM's serial console: the one client that QEMU's socket takes, for any number of viewers. It is read for as long as it is there,
/// because a console that nobody reads stops the guest after some hundred bytes.
/// </summary>
/// <remarks>Thread-safe. Nothing here waits for a viewer, nor for the disk.</remarks>
public sealed class SerialConsole : IAsyncDisposable
{
    /// <summary>
    /// What may wait for the guest to take it. A paused guest takes nothing; a paste larger than this is refused rather than kept for a
    /// guest that may wake up to it in an hour.
    /// </summary>
    public const int PendingKeysBytesMax = 64 * 1024;
    private const int ReadBytes = 64 * 1024;
    private const int TailBytes = 4096;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(50);

    private readonly Func<CancellationToken, ValueTask<Stream>> _open;
    private readonly TimeProvider _time;
    private readonly ConsoleHistory _history = new();
    private readonly ConsoleLog _log;
    private readonly string _stream = Guid.NewGuid().ToString("N");
    private readonly Lock _sync = new();
    private readonly Task _writeLog;
    private Channel<ReadOnlyMemory<byte>>? _keys;
    private int _pendingKeysBytes;

    /// <param name="open">Opens the console's socket; an <see cref="IOException"/> or a socket error counts as "nobody listens".</param>
    /// <param name="logPath">Of console.log, which goes on where an earlier LabNet left off.</param>
    public SerialConsole(Func<CancellationToken, ValueTask<Stream>> open, string logPath, TimeProvider time)
    {
        _open = open;
        _time = time;
        _log = new ConsoleLog(logPath);
        _history.Append(_log.ReadKept());
        _writeLog = Task.Run(() => _log.WriteLoopAsync(_history, _history.End), CancellationToken.None);
    }

    /// <summary>Whether QEMU's socket is open.</summary>
    public bool IsConnected
    {
        get
        {
            lock (_sync)
            {
                return _keys is not null;
            }
        }
    }

    /// <summary>
    /// Tells in the console itself that a stretch is missing: QEMU goes on without a client, and drops what the guest then writes.
    /// </summary>
    public void TellAway()
    {
        if (_log.WrittenAt is { } last)
        {
            var now = _time.GetUtcNow();
            _history.Append(Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"\r\n[LabNet was away: what the guest wrote between {last:yyyy-MM-dd HH:mm:ss} and {now:HH:mm:ss} UTC was not kept]\r\n")));
        }
    }

    /// <summary>All that is kept, oldest first.</summary>
    public ReadOnlyMemory<byte> ReadKept() => Read(new ConsolePosition(_stream, 0), ConsoleHistory.KeptBytesMax).Bytes;

    /// <summary>The last lines, as text.</summary>
    public string ReadTail() =>
        Encoding.UTF8.GetString(Read(new ConsolePosition(_stream, Math.Max(0, _history.End - TailBytes)), TailBytes).Bytes.Span)
            .ReplaceLineEndings("\n").Trim();

    /// <summary>
    /// What is kept from a position on, and then everything as it comes. A position of another LabNet, or none, begins with the oldest byte
    /// that is kept. Ends when the console is disposed.
    /// </summary>
    /// <param name="from">Where the viewer stands; null for the beginning.</param>
    /// <param name="chunkBytesMax">Of one chunk.</param>
    public async IAsyncEnumerable<ConsoleChunk> ReadAllAsync(
        ConsolePosition? from, int chunkBytesMax, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var resumes = from?.Stream == _stream && from.Value.Offset <= _history.End;
        var position = new ConsolePosition(_stream, resumes ? from!.Value.Offset : _history.Start);
        while (await _history.WaitForMoreAsync(position.Offset, cancellationToken))
        {
            var chunk = Read(position, chunkBytesMax);
            position = chunk.Next;
            yield return chunk;
        }
    }

    /// <summary>Types; the bytes of one call stay together. Answers before the guest has taken them.</summary>
    /// <exception cref="ConsoleException">There is no console, or the guest takes nothing.</exception>
    public void Type(ReadOnlyMemory<byte> keys)
    {
        lock (_sync)
        {
            if (_keys is null)
            {
                throw new ConsoleException("The console is not connected: QEMU does not run.");
            }

            if (_pendingKeysBytes + keys.Length > PendingKeysBytesMax)
            {
                throw new ConsoleException(
                    $"The guest has not taken {_pendingKeysBytes / 1024} KiB of what was typed before; it may be paused. These {keys.Length} bytes were not sent.");
            }

            _pendingKeysBytes += keys.Length;
            _keys.Writer.TryWrite(keys);
        }
    }

    /// <summary>Until cancelled; connects again when the socket comes back.</summary>
    public async Task RunLoopAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var socket = await _open(cancellationToken);
                await ServeAsync(socket, cancellationToken);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
            {
                // No QEMU yet, or no longer: the session tells that.
            }

            await Task.Delay(ReconnectDelay, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Call it when <see cref="RunLoopAsync"/> has ended: what was read is then on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        _history.Complete();
        await _writeLog;
    }

    private async Task ServeAsync(Stream socket, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var keys = Channel.CreateUnbounded<ReadOnlyMemory<byte>>(new UnboundedChannelOptions { SingleReader = true });
        lock (_sync)
        {
            _pendingKeysBytes = 0;
            _keys = keys;
        }

        var typing = SendKeysLoopAsync(socket, keys.Reader, ended.Token);
        try
        {
            await ReadSocketLoopAsync(socket, cancellationToken);
        }
        finally
        {
            lock (_sync)
            {
                _keys = null;
            }

            await ended.CancelAsync();
            await typing;
        }
    }

    private async Task ReadSocketLoopAsync(Stream socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[ReadBytes];
        int read;
        while ((read = await socket.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _history.Append(buffer.AsSpan(0, read));
        }
    }

    /// <summary>What is left when the connection ends was meant for a guest that is gone.</summary>
    private async Task SendKeysLoopAsync(Stream socket, ChannelReader<ReadOnlyMemory<byte>> keys, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var typed in keys.ReadAllAsync(cancellationToken))
            {
                await socket.WriteAsync(typed, cancellationToken);
                lock (_sync)
                {
                    _pendingKeysBytes -= typed.Length;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The reading side tells that the connection is gone.
        }
    }

    private ConsoleChunk Read(ConsolePosition position, int bytesMax)
    {
        var buffer = new byte[Math.Min(bytesMax, Math.Max(0, _history.End - Math.Max(position.Offset, _history.Start)))];
        var count = _history.Read(position.Offset, buffer, out var at);
        return new ConsoleChunk(position with { Offset = at }, at - position.Offset, buffer.AsMemory(0, count));
    }
}

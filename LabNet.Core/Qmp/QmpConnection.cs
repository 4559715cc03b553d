using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text.Json;

namespace LabNet.Core.Qmp;

/// <summary>
/// One negotiated QMP connection: commands from any number of callers, each answer to its asker by <c>id</c>, events in QEMU's order.
/// It does not reconnect; <see cref="QmpSession"/> does.
/// </summary>
/// <remarks>
/// The protocol is QEMU's docs/interop/qmp-spec.rst. Thread-safe. The read loop never waits for a caller: with a reply it hands its
/// own thread to the asker and goes on elsewhere, an event is handed to a callback that must not block.
/// </remarks>
public sealed partial class QmpConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly QmpOptions _options;
    private readonly TimeProvider _time;
    private readonly JsonLines _lines;
    private readonly PipeReader _reader;
    private readonly ConcurrentDictionary<long, PendingRequest> _pending = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationToken _closingToken;
    private readonly TaskCompletionSource<QmpException> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<QmpEvent> _onEvent = static _ => { };
    private Task _readLoop = Task.CompletedTask;
    private ITimer? _replyTimer;
    private QmpException? _closeReason;
    private long _lastId;

    private QmpConnection(Stream stream, QmpOptions options, TimeProvider time)
    {
        _stream = stream;
        _options = options;
        _time = time;
        _closingToken = _closing.Token;
        _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true));
        _lines = new JsonLines(_reader, options.FrameBytesMax);
    }

    public QmpGreeting Greeting { get; private set; } = new(new Version(0, 0), "");

    /// <summary>Ends, with the reason, when the connection does.</summary>
    public Task<QmpException> Closed => _closed.Task;

    /// <summary>Answers that came after their asker had given up, or that nobody ever asked for.</summary>
    public long UnclaimedReplies => Interlocked.Read(ref _unclaimedReplies);

    /// <summary>Reads the greeting and negotiates. Owns the stream from here on, also when it fails. <see cref="Start"/> comes next.</summary>
    /// <exception cref="QmpConnectException">No greeting in time, or the peer closed before it.</exception>
    /// <exception cref="QmpProtocolException">What came is no QMP greeting.</exception>
    public static async Task<QmpConnection> NegotiateAsync(
        Stream stream, QmpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var connection = new QmpConnection(stream, options, time);
        try
        {
            await connection.NegotiateAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts to read. What QEMU sent since the negotiation is not lost: it waits in the socket.</summary>
    /// <param name="onEvent">Called by the read loop for each event in order; must return at once.</param>
    public void Start(Action<QmpEvent> onEvent)
    {
        _onEvent = onEvent;
        _replyTimer = _time.CreateTimer(_ => ExpireOverdue(), null, ExpiryPeriod, ExpiryPeriod);
        _readLoop = Task.Run(ReadLoopAsync, CancellationToken.None);
    }

    public async ValueTask<TReturn> ExecuteAsync<TReturn>(QmpCommand<TReturn> command, CancellationToken cancellationToken)
    {
        var id = NextIds(1);
        var reply = await SendAsync(command.Name, id, QmpRequest.Frame(command, id), cancellationToken);
        return reply.Read(command.ReturnType);
    }

    public async ValueTask<TReturn> ExecuteAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> command, TArguments arguments, CancellationToken cancellationToken)
    {
        var id = NextIds(1);
        var reply = await SendAsync(command.Name, id, QmpRequest.Frame(command, arguments, id), cancellationToken);
        return reply.Read(command.ReturnType);
    }

    /// <summary>
    /// Sends all in one piece, which costs one write and one wait; QEMU takes one after the other. A command that QEMU refuses tells so when
    /// its answer is read.
    /// </summary>
    public async ValueTask<QmpReplies> ExecuteAsync(IReadOnlyList<CompleteQmpCommand> commands, CancellationToken cancellationToken)
    {
        if (commands.Count == 0)
        {
            return new QmpReplies([], []);
        }

        var firstId = NextIds(commands.Count);
        var frame = QmpRequest.Frame(commands, firstId);
        var pending = new PendingRequest([.. commands.Select(command => command.Name)], firstId, frame, _time.GetTimestamp());
        return new QmpReplies(commands, await SendAsync(pending, cancellationToken));
    }

    /// <summary>Any command by name; answers QEMU's <c>return</c> value unread. Who may call it is decided by the caller.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ExecuteRawAsync(string command, JsonElement? arguments, CancellationToken cancellationToken)
    {
        var id = NextIds(1);
        var reply = await SendAsync(command, id, QmpRequest.Frame(command, arguments, id), cancellationToken);
        return reply.ReturnOrThrow();
    }

    public async ValueTask DisposeAsync()
    {
        Abandon();
        await _readLoop;
        await _writing;
        await _reader.CompleteAsync();
        await _stream.DisposeAsync();
        if (_replyTimer is not null)
        {
            await _replyTimer.DisposeAsync();
        }
    }

    internal void Abandon() => Close(new QmpDisconnectedException("LabNet closed the connection."));

    private async Task NegotiateAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.GreetingTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var frame = await _lines.ReadAsync(either.Token) ?? throw new QmpConnectException("The peer closed before its greeting.");
            Greeting = QmpFrame.ParseGreeting(frame);
            await _stream.WriteAsync(QmpRequest.Frame(MachineCommands.Capabilities, id: 0), either.Token);
            while (true)
            {
                frame = await _lines.ReadAsync(either.Token) ?? throw new QmpConnectException("The peer closed while negotiating.");
                if (QmpFrame.Parse(frame) is { Kind: QmpFrameKind.Return or QmpFrameKind.Error } reply)
                {
                    new QmpReply(MachineCommands.Capabilities.Name, reply).ReturnOrThrow();
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new QmpConnectException(
                $"No QMP greeting within {_options.GreetingTimeout.TotalSeconds:0.#} s. Another client may hold this socket: QEMU serves one at a time.")
            {
                NoGreeting = true,
            };
        }
        catch (IOException e)
        {
            throw new QmpConnectException($"The connection broke while negotiating: {e.Message}", e);
        }
    }
}

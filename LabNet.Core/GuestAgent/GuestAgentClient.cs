using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Core.GuestAgent;

/// <summary>
/// The one connection to a guest's agent, shared by all callers. The agent answers one command at a time and QEMU's socket takes one
/// client, so that callers queue here.
/// </summary>
/// <remarks>
/// Thread-safe. Connects when it is first asked, and again after a loss. When a caller gave up, the answer it left behind must not be
/// taken for the next one's: before the next command the client sends 0xFF and <c>guest-sync-delimited</c> with a fresh number, and drops
/// everything before that number comes back (qga/qapi-schema.json).
/// <para>After a time-out it connects anew: a client that goes away while the guest writes can leave QEMU holding back the port's output
/// (its virtio-console stays throttled, seen with 7.2), and only another connection ends that.</para>
/// </remarks>
/// <param name="open">Opens the agent's socket; an <see cref="IOException"/> or a socket error counts as "nobody listens".</param>
public sealed class GuestAgentClient(Func<CancellationToken, ValueTask<Stream>> open, TimeProvider time) : IAsyncDisposable
{
    /// <summary>An idle agent answers in 0.2 to 18 ms, 100 times that under a loaded TCG guest.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>guest-exec output of 16 MiB twice, in base64, and some air.</summary>
    private const int FrameBytesMax = 48 * 1024 * 1024;
    private const byte Delimiter = 0xFF;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Cancelled when the guest behind the socket becomes another one.</summary>
    private CancellationTokenSource _guest = new();
    private Stream? _stream;
    private PipeReader? _reader;
    private JsonLines? _lines;
    private bool _inStep;
    private long _lastSync = Random.Shared.NextInt64(1, int.MaxValue);

    /// <exception cref="GuestAgentUnavailableException">Nobody listens at the socket, the connection broke, or the client is disposed.</exception>
    /// <exception cref="GuestAgentTimeoutException">No answer within <see cref="AnswerTimeout"/>.</exception>
    /// <exception cref="GuestAgentCommandException">The agent refused.</exception>
    public Task<TReturn> ExecuteAsync<TReturn>(QmpCommand<TReturn> command, CancellationToken cancellationToken) =>
        TakeTurnAsync(command.Name, id => QmpRequest.Frame(command, id), command.ReturnType, cancellationToken);

    /// <inheritdoc cref="ExecuteAsync{TReturn}"/>
    public Task<TReturn> ExecuteAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> command, TArguments arguments, CancellationToken cancellationToken) =>
        TakeTurnAsync(command.Name, id => QmpRequest.Frame(command, arguments, id), command.ReturnType, cancellationToken);

    /// <summary>The next command goes by a new connection: the guest behind it is another one. A caller that waits for an answer of the old one gets none.</summary>
    public async Task ReconnectAsync(CancellationToken cancellationToken)
    {
        using (var old = Interlocked.Exchange(ref _guest, new CancellationTokenSource()))
        {
            await old.CancelAsync();
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            await DropConnectionAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _turn.WaitAsync();
        await DropConnectionAsync();
        _turn.Release();
    }

    private async Task<TReturn> TakeTurnAsync<TReturn>(
        string command, Func<long, ReadOnlyMemory<byte>> frame, JsonTypeInfo<TReturn> returnType, CancellationToken cancellationToken)
    {
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _turn.WaitAsync(wanted.Token);
            try
            {
                return await AskAsync(command, frame, returnType, wanted.Token);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new GuestAgentUnavailableException("LabNet has closed its connection to the guest agent.");
        }
    }

    private async Task<TReturn> AskAsync<TReturn>(
        string command, Func<long, ReadOnlyMemory<byte>> frame, JsonTypeInfo<TReturn> returnType, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        var guest = Volatile.Read(ref _guest).Token;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, guest, cancellationToken);
        try
        {
            await ConnectAsync(either.Token);
            await SynchronizeAsync(either.Token);
            _inStep = false;
            await _stream!.WriteAsync(frame(_lastSync), either.Token);
            var reply = QmpFrame.Parse(await ReadLineAsync(either.Token));
            _inStep = true;
            return new QmpReply(command, reply).Read(returnType);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await DropConnectionAsync();
            throw new GuestAgentTimeoutException(
                $"The guest agent has not answered {command} within {AnswerTimeout.TotalSeconds:0} s. A paused, booting or very busy guest is like that.");
        }
        catch (OperationCanceledException) when (guest.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await DropConnectionAsync();
            throw new GuestAgentUnavailableException($"The guest became another one before it had answered {command}.");
        }
        catch (QmpCommandException e)
        {
            throw new GuestAgentCommandException(command, e.ErrorClass, e.Description);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or QmpProtocolException)
        {
            await DropConnectionAsync();
            throw new GuestAgentUnavailableException($"The guest agent cannot be reached: {e.Message}", e);
        }
    }

    private async ValueTask ConnectAsync(CancellationToken cancellationToken)
    {
        if (_stream is not null)
        {
            return;
        }

        _stream = await open(cancellationToken);
        _reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
        _lines = new JsonLines(_reader, FrameBytesMax);
        _inStep = false;
    }

    private async ValueTask SynchronizeAsync(CancellationToken cancellationToken)
    {
        if (_inStep)
        {
            return;
        }

        var number = ++_lastSync;
        var frame = QmpRequest.Frame(GuestAgentCommands.SyncDelimited, new SyncArguments(number), number);
        await _stream!.WriteAsync((byte[])[Delimiter, .. frame.Span], cancellationToken);
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);

            // What stands before the last delimiter is the rest of an answer that nobody waits for any more.
            if (LastDelimiter(line) is { } start && IsAnswerTo(line.Slice(start), number))
            {
                return;
            }
        }
    }

    private async ValueTask<ReadOnlySequence<byte>> ReadLineAsync(CancellationToken cancellationToken) =>
        await _lines!.ReadAsync(cancellationToken) ?? throw new IOException("QEMU closed the agent's socket.");

    private static SequencePosition? LastDelimiter(ReadOnlySequence<byte> line)
    {
        SequencePosition? after = null;
        while (line.PositionOf(Delimiter) is { } position)
        {
            after = line.GetPosition(1, position);
            line = line.Slice(after.Value);
        }

        return after;
    }

    private static bool IsAnswerTo(ReadOnlySequence<byte> json, long number)
    {
        try
        {
            var frame = QmpFrame.Parse(json);
            return frame.Kind == QmpFrameKind.Return && frame.PayloadText == number.ToString();
        }
        catch (QmpProtocolException)
        {
            return false;
        }
    }

    private async ValueTask DropConnectionAsync()
    {
        if (_stream is null)
        {
            return;
        }

        await _reader!.CompleteAsync();
        await _stream.DisposeAsync();
        _stream = null;
    }
}

using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Qmp;

/// <summary>Where a <see cref="QmpSession"/> stands.</summary>
public enum QmpSessionState
{
    Connecting,
    Ready,
    WaitingToReconnect,
    Disposed,
}

/// <summary>
/// Keeps one QMP socket connected: connects, negotiates, hands commands on, and comes back with growing pauses after a loss.
/// What happens is told in order by <see cref="ReadSignalsAsync"/>.
/// </summary>
/// <remarks>Thread-safe, but for the signals, which have one reader. Starts with <see cref="Start"/>.</remarks>
/// <param name="open">Opens the socket; an <see cref="IOException"/> or a socket error counts as "nobody listens".</param>
public sealed partial class QmpSession(
    Func<CancellationToken, ValueTask<Stream>> open, QmpOptions options, TimeProvider time, ILogger<QmpSession> logger) : IAsyncDisposable
{
    private readonly QmpSignalQueue _signals = new(options.QueuedEventsMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _sync = new();
    private Task _connectLoop = Task.CompletedTask;
    private CancellationTokenSource? _pause;
    private bool _connectNow;
    private volatile QmpConnection? _connection;
    private volatile QmpException _lastFailure = new QmpDisconnectedException("LabNet has not connected to this QEMU yet.");

    public QmpSessionState State { get; private set; } = QmpSessionState.Connecting;

    public void Start() => _connectLoop = Task.Run(() => ConnectLoopAsync(_stopping.Token), CancellationToken.None);

    /// <summary>Everything since the start, each signal once. Ends when the session is disposed.</summary>
    public IAsyncEnumerable<QmpSignal> ReadSignalsAsync(CancellationToken cancellationToken) => _signals.ReadAllAsync(cancellationToken);

    /// <exception cref="QmpDisconnectedException">There is no connection, or it ended before the answer.</exception>
    /// <exception cref="QmpCommandException">QEMU refused.</exception>
    /// <exception cref="QmpTimeoutException">No answer in time.</exception>
    public ValueTask<TReturn> ExecuteAsync<TReturn>(QmpCommand<TReturn> command, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(command, cancellationToken);

    /// <inheritdoc cref="ExecuteAsync{TReturn}"/>
    public ValueTask<TReturn> ExecuteAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> command, TArguments arguments, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(command, arguments, cancellationToken);

    /// <inheritdoc cref="QmpConnection.ExecuteAsync(IReadOnlyList{CompleteQmpCommand}, CancellationToken)"/>
    /// <inheritdoc cref="ExecuteAsync{TReturn}" path="/exception"/>
    public ValueTask<QmpReplies> ExecuteAsync(IReadOnlyList<CompleteQmpCommand> commands, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(commands, cancellationToken);

    /// <inheritdoc cref="QmpConnection.ExecuteRawAsync"/>
    public ValueTask<ReadOnlyMemory<byte>> ExecuteRawAsync(
        string command, JsonElement? arguments, CancellationToken cancellationToken) =>
        Connection.ExecuteRawAsync(command, arguments, cancellationToken);

    /// <summary>Ends the pause between two attempts: somebody knows that QEMU is there now. An attempt under way gets no pause after it.</summary>
    public void ConnectNow()
    {
        lock (_sync)
        {
            _connectNow = true;
            _pause?.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _connectLoop;
        State = QmpSessionState.Disposed;
        _signals.Complete();
    }

    private QmpConnection Connection => _connection ?? throw new QmpDisconnectedException(_lastFailure.Message, _lastFailure);

    private async Task ConnectLoopAsync(CancellationToken cancellationToken)
    {
        var delay = options.ReconnectDelayFirst;
        while (!cancellationToken.IsCancellationRequested)
        {
            State = QmpSessionState.Connecting;
            try
            {
                await using var connection = await ConnectAsync(cancellationToken);
                delay = options.ReconnectDelayFirst;
                await ServeAsync(connection, cancellationToken);
            }
            catch (QmpException e)
            {
                _lastFailure = e;
                _signals.Post(new QmpSignal.ConnectFailed(e));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            State = QmpSessionState.WaitingToReconnect;
            delay = await PauseAsync(delay, cancellationToken)
                ? options.ReconnectDelayFirst
                : delay * 2 < options.ReconnectDelayMax ? delay * 2 : options.ReconnectDelayMax;
        }
    }

    /// <returns>True if the pause was ended before its time.</returns>
    private async Task<bool> PauseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (_sync)
        {
            if (_connectNow)
            {
                pause.Cancel();
            }

            _pause = pause;
        }

        await Task.Delay(delay, time, pause.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_sync)
        {
            _pause = null;
            _connectNow = false;
        }

        return pause.IsCancellationRequested;
    }

    private async Task<QmpConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        Stream stream;
        try
        {
            stream = await open(cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new QmpConnectException($"There is no connection to the QMP socket: {e.Message}", e);
        }

        return await QmpConnection.NegotiateAsync(stream, options, time, cancellationToken);
    }

    private async Task ServeAsync(QmpConnection connection, CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.UnsafeRegister(static c => ((QmpConnection)c!).Abandon(), connection);
        LogConnected(connection.Greeting.Version);

        // Who hears of the connection asks through it at once; its events come after that.
        _connection = connection;
        State = QmpSessionState.Ready;
        lock (_sync)
        {
            _connectNow = false;
        }

        _signals.Post(new QmpSignal.Connected(connection.Greeting));
        connection.Start(_signals.Post);
        var reason = await connection.Closed;
        _lastFailure = reason;
        _connection = null;
        _signals.Post(new QmpSignal.Disconnected(reason));
        if (!cancellationToken.IsCancellationRequested)
        {
            LogDisconnected(reason.Message);
        }
    }

    [LoggerMessage(1001, LogLevel.Debug, "QMP connected to QEMU {Version}")]
    private partial void LogConnected(Version version);

    [LoggerMessage(1002, LogLevel.Debug, "QMP connection ended: {Reason}")]
    private partial void LogDisconnected(string reason);
}

namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private readonly Lock _writeSync = new();
    private readonly Queue<PendingRequest> _unsent = new();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private int _awaited;

    private TimeSpan ExpiryPeriod => TimeSpan.FromTicks(Math.Max(_options.ReplyTimeout.Ticks / 60, TimeSpan.TicksPerMillisecond));

    /// <summary>Reserves numbers that follow one another.</summary>
    /// <returns>The first.</returns>
    private long NextIds(int commands) => Interlocked.Add(ref _lastId, commands) - commands + 1;

    private async ValueTask<QmpReply> SendAsync(string command, long id, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        (await SendAsync(new PendingRequest([command], id, frame, _time.GetTimestamp()), cancellationToken))[0];

    private async ValueTask<QmpReply[]> SendAsync(PendingRequest pending, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (Interlocked.Add(ref _awaited, pending.Commands) > _options.PendingCommandsMax)
            {
                throw new InvalidOperationException($"{_options.PendingCommandsMax} commands already wait for their answers on this connection.");
            }

            for (var place = 0; place < pending.Commands; place++)
            {
                _pending[pending.FirstId + place] = pending;
            }

            // Looked at after the entries are in: Close() either finds them or has set the reason before.
            if (_closeReason is { } reason)
            {
                throw new QmpDisconnectedException(reason.Message, reason);
            }

            using var registration = cancellationToken.UnsafeRegister(static (p, token) => ((PendingRequest)p!).Cancel(token), pending);
            Write(pending);
            return await pending.Replies;
        }
        finally
        {
            for (var place = 0; place < pending.Commands; place++)
            {
                _pending.TryRemove(pending.FirstId + place, out _);
            }

            Interlocked.Add(ref _awaited, -pending.Commands);
        }
    }

    /// <summary>
    /// Hands the frame to whoever writes at the moment, or writes. Half a frame would spoil the connection for all: a caller that gives up
    /// leaves a write that has begun to end by itself, and a frame that nobody has begun to write is not sent any more.
    /// </summary>
    private void Write(PendingRequest pending)
    {
        lock (_writeSync)
        {
            while (_unsent.TryPeek(out var oldest) && oldest.IsEnded)
            {
                _unsent.Dequeue();
            }

            _unsent.Enqueue(pending);
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = WriteUnsentAsync();
            }
        }
    }

    /// <summary>Ends when there is nothing left to write or the connection closes; never fails.</summary>
    private async Task WriteUnsentAsync()
    {
        try
        {
            while (TakeUnsent() is { } pending)
            {
                await _stream.WriteAsync(pending.Frame, _closingToken);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Close(new QmpDisconnectedException($"Writing to QEMU failed: {e.Message}", e));
        }
        catch (OperationCanceledException)
        {
            // The connection is closing: every asker learns why from Close().
        }
    }

    private PendingRequest? TakeUnsent()
    {
        lock (_writeSync)
        {
            while (_unsent.TryDequeue(out var pending))
            {
                if (!pending.IsEnded)
                {
                    return pending;
                }
            }

            _isWriting = false;
            return null;
        }
    }

    private void ExpireOverdue()
    {
        foreach (var pending in _pending.Values)
        {
            if (_time.GetElapsedTime(pending.SentAt) >= _options.ReplyTimeout)
            {
                pending.Fail(new QmpTimeoutException(
                    $"QEMU has not answered {pending.Awaited} within {_options.ReplyTimeout.TotalSeconds:0.#} s."));
            }
        }
    }
}

namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private readonly Lock _writeSync = new();
    private readonly Queue<PendingCommand> _unsent = new();
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private int _askers;

    private TimeSpan ExpiryPeriod => TimeSpan.FromTicks(Math.Max(_options.ReplyTimeout.Ticks / 60, TimeSpan.TicksPerMillisecond));

    private long NextId() => Interlocked.Increment(ref _lastId);

    private async ValueTask<QmpReply> SendAsync(string command, long id, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = new PendingCommand(command, frame, _time.GetTimestamp());
        try
        {
            if (Interlocked.Increment(ref _askers) > _options.PendingCommandsMax)
            {
                throw new InvalidOperationException($"{_options.PendingCommandsMax} commands already wait for their answers on this connection.");
            }

            _pending[id] = pending;

            // Looked at after the entry is in: Close() either finds the entry or has set the reason before.
            if (_closeReason is { } reason)
            {
                throw new QmpDisconnectedException(reason.Message, reason);
            }

            using var registration = cancellationToken.UnsafeRegister(static (p, token) => ((PendingCommand)p!).Cancel(token), pending);
            Write(pending);
            return await pending.Reply;
        }
        finally
        {
            _pending.TryRemove(id, out _);
            Interlocked.Decrement(ref _askers);
        }
    }

    /// <summary>
    /// Hands the frame to whoever writes at the moment, or writes. Half a frame would spoil the connection for all: a caller that gives up
    /// leaves a write that has begun to end by itself, and a frame that nobody has begun to write is not sent any more.
    /// </summary>
    private void Write(PendingCommand pending)
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

    private PendingCommand? TakeUnsent()
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
                    $"QEMU has not answered {pending.Command} within {_options.ReplyTimeout.TotalSeconds:0.#} s."));
            }
        }
    }
}

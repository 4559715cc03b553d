namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private TimeSpan ExpiryPeriod => TimeSpan.FromTicks(Math.Max(_options.ReplyTimeout.Ticks / 60, TimeSpan.TicksPerMillisecond));

    private async ValueTask<QmpReply> SendAsync(string command, Func<long, ReadOnlyMemory<byte>> frame, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_pending.Count >= _options.PendingCommandsMax)
        {
            throw new InvalidOperationException($"{_options.PendingCommandsMax} commands already wait for their answers on this connection.");
        }

        var id = Interlocked.Increment(ref _lastId);
        var pending = new PendingCommand(command, _time.GetTimestamp());
        _pending[id] = pending;
        try
        {
            // Looked at after the entry is in: Close() either finds the entry or has set the reason before.
            if (_closeReason is { } reason)
            {
                throw new QmpDisconnectedException(reason.Message, reason);
            }

            using var registration = cancellationToken.UnsafeRegister(static (p, token) => ((PendingCommand)p!).TrySetCanceled(token), pending);

            // Half a frame would spoil the connection for all: a caller that gives up leaves its write to end by itself.
            var write = WriteAsync(frame(id), _closing.Token);
            if (!write.IsCompletedSuccessfully)
            {
                await Task.WhenAny(write.AsTask(), pending.Task);
            }

            return await pending.Task;
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        await _writeGate.WaitAsync(cancellationToken);
        try
        {
            await _stream.WriteAsync(frame, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            var reason = new QmpDisconnectedException($"Writing to QEMU failed: {e.Message}", e);
            Close(reason);
            throw reason;
        }
        finally
        {
            _writeGate.Release();
        }
    }

    private void ExpireOverdue()
    {
        foreach (var pending in _pending.Values)
        {
            if (_time.GetElapsedTime(pending.SentAt) >= _options.ReplyTimeout)
            {
                pending.TrySetException(new QmpTimeoutException(
                    $"QEMU has not answered {pending.Command} within {_options.ReplyTimeout.TotalSeconds:0.#} s."));
            }
        }
    }

    private sealed class PendingCommand(string command, long sentAt)
        : TaskCompletionSource<QmpReply>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public string Command { get; } = command;

        public long SentAt { get; } = sentAt;
    }
}

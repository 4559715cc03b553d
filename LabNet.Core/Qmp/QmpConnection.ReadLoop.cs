namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private long _unclaimedReplies;

    private async Task ReadLoopAsync()
    {
        QmpException reason;
        try
        {
            while (await _lines.ReadAsync(_closing.Token) is { } line)
            {
                Dispatch(QmpFrame.Parse(line));
            }

            reason = new QmpDisconnectedException("QEMU closed the connection.");
        }
        catch (QmpProtocolException e)
        {
            reason = e;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            reason = new QmpDisconnectedException($"The connection to QEMU broke: {e.Message}", e);
        }

        Close(reason);
    }

    private void Dispatch(QmpFrame frame)
    {
        switch (frame.Kind)
        {
            case QmpFrameKind.Event:
                _onEvent(new QmpEvent(frame.EventName!, frame.TimeNs, frame.Data));
                break;
            case QmpFrameKind.Error when frame.Id is null:
                // QEMU could not even read what it got, and does not say which command that was: no answer can be trusted any more.
                throw new QmpProtocolException($"QEMU could not read what LabNet sent: {frame.PayloadText}");
            default:
                if (frame.Id is { } id && _pending.TryRemove(id, out var pending))
                {
                    pending.TrySetResult(new QmpReply(pending.Command, frame));
                }
                else
                {
                    Interlocked.Increment(ref _unclaimedReplies);
                }

                break;
        }
    }

    /// <summary>The first reason stands. Every asker learns of it.</summary>
    private void Close(QmpException reason)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is not null)
        {
            return;
        }

        _closing.Cancel();
        foreach (var pending in _pending.Values)
        {
            pending.TrySetException(new QmpDisconnectedException($"The connection ended before QEMU answered {pending.Command}: {reason.Message}", reason));
        }

        _closed.TrySetResult(reason);
    }
}

using System.Runtime.CompilerServices;

namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private long _unclaimedReplies;
    private PendingRequest? _answered;

    private async Task ReadLoopAsync()
    {
        QmpException reason;
        try
        {
            while (await _lines.ReadAsync(_closingToken) is { } line)
            {
                Dispatch(QmpFrame.Parse(line));
                await new Handover(this);
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
                if (frame.Id is not { } id || !_pending.TryRemove(id, out var pending) || pending.IsEnded)
                {
                    Interlocked.Increment(ref _unclaimedReplies);
                }
                else if (pending.Take(id, frame))
                {
                    _answered = pending;
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
            pending.Fail(new QmpDisconnectedException($"The connection ended before QEMU answered {pending.Awaited}: {reason.Message}", reason));
        }

        _closed.TrySetResult(reason);
    }

    /// <summary>
    /// Awaited by the read loop when it has an answer: the asker goes on on this thread, and the loop as work for the thread pool. Whoever
    /// asks one command after the other has sent the next before this thread returns to the loop (docs/measurements.md says what that is
    /// worth); while an asker keeps its thread, another one takes the loop on. So the loop waits for no asker, and no asker for another.
    /// </summary>
    private readonly struct Handover(QmpConnection connection) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => connection._answered is null;

        public Handover GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            // Taken before the loop may go on and have the next answer.
            var pending = connection._answered!;
            connection._answered = null;
            ThreadPool.UnsafeQueueUserWorkItem(static goOn => goOn(), continuation, preferLocal: true);
            pending.Answer();
        }
    }
}

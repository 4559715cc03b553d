using System.Buffers;
using System.Runtime.CompilerServices;

namespace LabNet.Core.Qmp;

public sealed partial class QmpConnection
{
    private long _unclaimedReplies;
    private PendingCommand? _answered;
    private QmpFrame _answer;

    private async Task ReadLoopAsync()
    {
        QmpException reason;
        try
        {
            while (await new NextLine(this, _lines.ReadAsync(_closingToken)) is { } line)
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
                if (frame.Id is { } id && _pending.TryRemove(id, out var pending) && pending.TryEnd())
                {
                    (_answered, _answer) = (pending, frame);
                }
                else
                {
                    Interlocked.Increment(ref _unclaimedReplies);
                }

                break;
        }
    }

    private void WakeAsker(bool onThisThread)
    {
        if (_answered is { } pending)
        {
            _answered = null;
            pending.Answer(_answer, onThisThread);
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
            pending.Fail(new QmpDisconnectedException($"The connection ended before QEMU answered {pending.Command}: {reason.Message}", reason));
        }

        _closed.TrySetResult(reason);
    }

    /// <summary>
    /// Awaits the next line, and wakes the asker of the answer before it. If the line is there already, the asker goes on elsewhere. If not,
    /// this thread has nothing more to do once the read is under way, and the line's arrival will find another one: then the asker goes on
    /// right here, which saves it a change of threads (docs/measurements.md). Either way the read loop waits for no asker, and no asker
    /// for another.
    /// </summary>
    private readonly struct NextLine(QmpConnection connection, ValueTask<ReadOnlySequence<byte>?> line) : ICriticalNotifyCompletion
    {
        public bool IsCompleted
        {
            get
            {
                if (!line.IsCompleted)
                {
                    return false;
                }

                connection.WakeAsker(onThisThread: false);
                return true;
            }
        }

        public NextLine GetAwaiter() => this;

        public ReadOnlySequence<byte>? GetResult() => line.GetAwaiter().GetResult();

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            // Taken before the loop may go on, on another thread, and have the next answer.
            var (pending, answer) = (connection._answered, connection._answer);
            connection._answered = null;
            line.GetAwaiter().UnsafeOnCompleted(continuation);
            pending?.Answer(answer, onThisThread: true);
        }
    }
}

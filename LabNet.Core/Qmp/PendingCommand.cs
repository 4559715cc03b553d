using System.Threading.Tasks.Sources;

namespace LabNet.Core.Qmp;

/// <summary>A command whose asker waits. It ends once: by QEMU's answer, by the asker's giving up, by the time, or with the connection.</summary>
/// <param name="sentAt">A timestamp of the connection's clock.</param>
internal sealed class PendingCommand(string command, ReadOnlyMemory<byte> frame, long sentAt) : IValueTaskSource<QmpReply>
{
    private ManualResetValueTaskSourceCore<QmpReply> _source = new() { RunContinuationsAsynchronously = true };
    private int _ended;

    public string Command { get; } = command;

    public ReadOnlyMemory<byte> Frame { get; } = frame;

    public long SentAt { get; } = sentAt;

    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>For the one asker, to be awaited once.</summary>
    public ValueTask<QmpReply> Reply => new(this, _source.Version);

    /// <summary>Whoever gets true, and nobody else, ends it.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    /// <summary>Lets the asker go on, on this thread; <see cref="TryEnd"/> came before.</summary>
    public void Answer(QmpFrame reply)
    {
        _source.RunContinuationsAsynchronously = false;
        _source.SetResult(new QmpReply(Command, reply));
    }

    public void Fail(Exception reason)
    {
        if (TryEnd())
        {
            _source.SetException(reason);
        }
    }

    public void Cancel(CancellationToken cancellationToken) => Fail(new OperationCanceledException(cancellationToken));

    QmpReply IValueTaskSource<QmpReply>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<QmpReply>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<QmpReply>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

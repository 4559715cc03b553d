using System.Threading.Tasks.Sources;

namespace LabNet.Core.Qmp;

/// <summary>
/// Commands that were sent in one piece, mostly one, and whose asker waits. It ends once: by QEMU's last answer, by the asker's giving up, by
/// the time, or with the connection.
/// </summary>
/// <param name="names">The commands', in their order.</param>
/// <param name="firstId">The first command's number; the others' follow.</param>
/// <param name="sentAt">A timestamp of the connection's clock.</param>
internal sealed class PendingRequest(string[] names, long firstId, ReadOnlyMemory<byte> frame, long sentAt) : IValueTaskSource<QmpReply[]>
{
    private readonly QmpReply[] _replies = new QmpReply[names.Length];
    private ManualResetValueTaskSourceCore<QmpReply[]> _source = new() { RunContinuationsAsynchronously = true };
    private int _answered;
    private int _ended;

    public int Commands => names.Length;

    public long FirstId { get; } = firstId;

    public ReadOnlyMemory<byte> Frame { get; } = frame;

    public long SentAt { get; } = sentAt;

    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>The command that QEMU works on, as it answers in order.</summary>
    public string Awaited => names[Math.Min(Volatile.Read(ref _answered), names.Length - 1)];

    /// <summary>For the one asker, to be awaited once.</summary>
    public ValueTask<QmpReply[]> Replies => new(this, _source.Version);

    /// <summary>For the read loop alone, each number once.</summary>
    /// <returns>Whether that was the last one, and nobody ended this before: <see cref="Answer"/> comes next.</returns>
    public bool Take(long id, QmpFrame answer)
    {
        var place = (int)(id - FirstId);
        _replies[place] = new QmpReply(names[place], answer);
        Volatile.Write(ref _answered, _answered + 1);
        return _answered == names.Length && TryEnd();
    }

    /// <summary>Lets the asker go on, on this thread.</summary>
    public void Answer()
    {
        _source.RunContinuationsAsynchronously = false;
        _source.SetResult(_replies);
    }

    public void Fail(Exception reason)
    {
        if (TryEnd())
        {
            _source.SetException(reason);
        }
    }

    public void Cancel(CancellationToken cancellationToken) => Fail(new OperationCanceledException(cancellationToken));

    /// <summary>Whoever gets true, and nobody else, ends it.</summary>
    private bool TryEnd() => Interlocked.Exchange(ref _ended, 1) == 0;

    QmpReply[] IValueTaskSource<QmpReply[]>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<QmpReply[]>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<QmpReply[]>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

namespace LabNet.Core.Consoles;

/// <summary>
/// The newest bytes of a console, each at its position in the stream. Whoever reads holds a position and comes back for more: so there is
/// no queue a reader, a slow one costs nobody anything, and what it came too late for is a number, not a silence.
/// </summary>
/// <remarks>Thread-safe. Appending never waits for a reader.</remarks>
public sealed class ConsoleHistory
{
    /// <summary>About 15,000 lines of a boot log.</summary>
    public const int KeptBytesMax = 1024 * 1024;
    private const int FirstBytes = 16 * 1024;

    private readonly Lock _sync = new();
    private byte[] _ring = new byte[FirstBytes];
    private TaskCompletionSource? _more;
    private bool _completed;

    /// <summary>The position of the oldest byte that is kept.</summary>
    public long Start { get; private set; }

    /// <summary>The position of the next byte.</summary>
    public long End { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        TaskCompletionSource? waiting;
        lock (_sync)
        {
            if (bytes.Length > KeptBytesMax)
            {
                End += bytes.Length - KeptBytesMax;
                Start = End;
                bytes = bytes[^KeptBytesMax..];
            }

            Grow(bytes.Length);
            Copy(bytes, End);
            End += bytes.Length;
            Start = Math.Max(Start, End - _ring.Length);
            waiting = _more;
            _more = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Nothing will follow; who waits is told.</summary>
    public void Complete()
    {
        TaskCompletionSource? waiting;
        lock (_sync)
        {
            _completed = true;
            waiting = _more;
            _more = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>What is kept from a position on.</summary>
    /// <param name="position">Where the reader stands.</param>
    /// <param name="buffer">Filled from its beginning.</param>
    /// <param name="at">Where the bytes begin: after <paramref name="position"/> when the reader came too late for some.</param>
    /// <returns>How many bytes were read; 0 when there are none yet.</returns>
    public int Read(long position, Span<byte> buffer, out long at)
    {
        lock (_sync)
        {
            at = Math.Clamp(position, Start, End);
            var count = (int)Math.Min(buffer.Length, End - at);
            var from = (int)(at % _ring.Length);
            var first = Math.Min(count, _ring.Length - from);
            _ring.AsSpan(from, first).CopyTo(buffer);
            _ring.AsSpan(0, count - first).CopyTo(buffer[first..]);
            return count;
        }
    }

    /// <returns>True when there is something after the position, false when nothing will ever be.</returns>
    public async ValueTask<bool> WaitForMoreAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_sync)
            {
                if (End > position)
                {
                    return true;
                }

                if (_completed)
                {
                    return false;
                }

                _more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A console that says little takes little memory.</summary>
    private void Grow(int coming)
    {
        var wanted = _ring.Length;
        while (wanted < KeptBytesMax && End - Start + coming > wanted)
        {
            wanted *= 2;
        }

        if (wanted == _ring.Length)
        {
            return;
        }

        var kept = new byte[(int)(End - Start)];
        Read(Start, kept, out var at);
        _ring = new byte[wanted];
        Copy(kept, at);
    }

    private void Copy(ReadOnlySpan<byte> bytes, long position)
    {
        var to = (int)(position % _ring.Length);
        var first = Math.Min(bytes.Length, _ring.Length - to);
        bytes[..first].CopyTo(_ring.AsSpan(to));
        bytes[first..].CopyTo(_ring);
    }
}

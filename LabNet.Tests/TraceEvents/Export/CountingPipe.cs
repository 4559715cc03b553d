using System.IO.Pipelines;

namespace LabNet.Tests.TraceEvents;

/// <summary>Takes whatever is written, counts it and forgets it; its reader may be gone.</summary>
internal sealed class CountingPipe : PipeWriter
{
    private byte[] _memory = new byte[1 << 16];

    public long Bytes { get; private set; }

    public long Flushes { get; private set; }

    public long UnflushedMax { get; private set; }

    public bool IsReaderGone { get; set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    private long _unflushed;

    public override void Advance(int bytes)
    {
        _unflushed += bytes;
        Bytes += bytes;
        UnflushedMax = Math.Max(UnflushedMax, _unflushed);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _unflushed = 0;
        Flushes++;
        return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: IsReaderGone));
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _memory.Length)
        {
            _memory = new byte[sizeHint];
        }

        return _memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}

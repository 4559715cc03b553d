namespace LabNet.Tests.Qmp;

/// <summary>
/// The client's end of a scripted peer: each read gives just one piece, once the client has written as many lines as the piece comes
/// after; then the stream ends. A socket would join the pieces as it likes.
/// </summary>
internal sealed class TranscriptStream(IReadOnlyList<(int AfterCommands, byte[] Bytes)> pieces) : Stream
{
    private readonly SemaphoreSlim _written = new(0);
    private int _lines;
    private int _piece;
    private int _offset;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_piece == pieces.Count)
        {
            return 0;
        }

        var (after, bytes) = pieces[_piece];
        for (; _lines < after; _lines++)
        {
            await _written.WaitAsync(cancellationToken);
        }

        var count = Math.Min(buffer.Length, bytes.Length - _offset);
        bytes.AsMemory(_offset, count).CopyTo(buffer);
        _offset += count;
        if (_offset == bytes.Length)
        {
            _piece++;
            _offset = 0;
        }

        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Count((byte)'\n') is > 0 and var lines)
        {
            _written.Release(lines);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

using System.Buffers;
using System.IO.Pipelines;

namespace LabNet.Core.Qmp;

/// <summary>
/// The framing that QMP and the guest agent share: one JSON object a line, ended by LF (QEMU sends CR LF).
/// A line feed inside a JSON string is always escaped, so that the first LF ends the frame (qemu: docs/interop/qmp-spec.rst).
/// White space between two objects means nothing in JSON: a blank line is passed over.
/// </summary>
/// <remarks>Reads from one place at a time; the frame is valid until the next call.</remarks>
internal sealed class JsonLines(PipeReader reader, int frameBytesMax)
{
    private ReadOnlySequence<byte> _buffer;
    private long _scanned;
    private bool _buffered;
    private bool _ended;

    /// <summary>The next line without its end, or null when the peer has closed. Can be called again after a cancellation.</summary>
    /// <exception cref="QmpProtocolException">A line is longer than the limit, or the peer closed in the middle of one.</exception>
    public async ValueTask<ReadOnlySequence<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_buffered)
            {
                while (TryTakeLine(out var line))
                {
                    if (!IsBlank(line))
                    {
                        return line;
                    }
                }

                if (_ended)
                {
                    return _scanned == 0 ? null : throw new QmpProtocolException($"The peer closed after {_scanned} bytes of an unfinished line.");
                }

                reader.AdvanceTo(_buffer.Start, _buffer.End);
                _buffered = false;
            }

            var result = await reader.ReadAsync(cancellationToken);
            _buffer = result.Buffer;
            _ended = result.IsCompleted;
            _buffered = true;
        }
    }

    private bool TryTakeLine(out ReadOnlySequence<byte> line)
    {
        // Only what came since the last look is searched, or a long line in small pieces would cost its square.
        if (_buffer.Slice(_scanned).PositionOf((byte)'\n') is not { } end)
        {
            _scanned = _buffer.Length;
            ThrowIfOversize(_scanned);
            line = default;
            return false;
        }

        line = _buffer.Slice(0, end);
        _buffer = _buffer.Slice(_buffer.GetPosition(1, end));
        _scanned = 0;
        ThrowIfOversize(line.Length);
        return true;
    }

    private static bool IsBlank(ReadOnlySequence<byte> line) =>
        line.FirstSpan is [] or [(byte)'\r' or (byte)' ' or (byte)'\t', ..] && line.ToArray().All(b => b is (byte)'\r' or (byte)' ' or (byte)'\t');

    private void ThrowIfOversize(long bytes)
    {
        if (bytes > frameBytesMax)
        {
            throw new QmpProtocolException($"The peer sent a line of more than {frameBytesMax} bytes.");
        }
    }
}

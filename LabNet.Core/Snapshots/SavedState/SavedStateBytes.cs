using System.Buffers.Binary;
using System.Text;

namespace LabNet.Core.Snapshots;

/// <summary>A stream read piece by piece, big endian, with a look ahead. Keeps what was looked at and not taken, no more.</summary>
/// <remarks>Not thread-safe. A span is valid until the next call.</remarks>
internal sealed class SavedStateBytes(Stream stream)
{
    private byte[] _buffer = new byte[256 << 10];
    private int _begin;
    private int _end;

    /// <summary>Of the next byte, from where the stream stood at first.</summary>
    public long Position { get; private set; }

    /// <summary>At most that many bytes, fewer only at the end of the stream.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_end - _begin < count)
        {
            Fill(count);
        }

        return _buffer.AsSpan(_begin, Math.Min(count, _end - _begin));
    }

    /// <exception cref="SavedStateException">The stream ends before.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        var bytes = Peek(count);
        if (bytes.Length < count)
        {
            throw new SavedStateException($"The machine's state ends at byte {Position + bytes.Length}, in the middle of something.");
        }

        _begin += count;
        Position += count;
        return bytes;
    }

    public byte TakeByte() => Take(1)[0];

    public uint TakeUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public ulong TakeUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    /// <summary>A length in one byte, then as many characters.</summary>
    public string TakeName() => Encoding.UTF8.GetString(Take(TakeByte()));

    private void Fill(int count)
    {
        _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
        (_begin, _end) = (0, _end - _begin);
        if (count > _buffer.Length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(count, _buffer.Length * 2L)));
        }

        while (_end < count && stream.Read(_buffer.AsSpan(_end)) is > 0 and var read)
        {
            _end += read;
        }
    }
}

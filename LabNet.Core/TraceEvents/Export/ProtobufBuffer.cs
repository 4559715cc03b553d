using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Messages in protobuf's wire format (protobuf.dev, "Encoding"), into memory that is used again:
/// <code>
/// message = *( field )
/// field   = KEY VARINT / KEY 8OCTET / KEY LENGTH *OCTET      ; a text or a message in the message
/// KEY     = varint of number * 8 + wire type: 0, 1 or 2
/// </code>
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class ProtobufBuffer
{
    private const int VarintBytesMax = 10;
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;

    private byte[] _bytes = new byte[4096];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    /// <summary>uint64, uint32, bool, enumerations; and int64 as its bits.</summary>
    public void WriteNumber(int field, ulong value)
    {
        Reserve(VarintBytesMax * 2);
        AppendKey(field, Varint);
        Append(value);
    }

    public void WriteFixed64(int field, ulong value)
    {
        Reserve(VarintBytesMax + sizeof(ulong));
        AppendKey(field, Fixed64);
        BitConverter.TryWriteBytes(_bytes.AsSpan(_length), value);
        _length += sizeof(ulong);
    }

    public void WriteText(int field, string text)
    {
        var place = Begin(field);
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
        End(place);
    }

    /// <summary>Begins a message in this one.</summary>
    /// <returns>What <see cref="End"/> takes.</returns>
    public int Begin(int field)
    {
        Reserve(VarintBytesMax + 1);
        AppendKey(field, Delimited);

        // Most lengths take one byte.
        return ++_length;
    }

    public void End(int place)
    {
        var length = _length - place;
        var more = VarintLength((ulong)length) - 1;
        if (more > 0)
        {
            Reserve(more);
            _bytes.AsSpan(place, length).CopyTo(_bytes.AsSpan(place + more));
        }

        _length = place - 1;
        Append((ulong)length);
        _length += length;
    }

    private static int VarintLength(ulong value)
    {
        var length = 1;
        for (; value >= 0x80; value >>= 7)
        {
            length++;
        }

        return length;
    }

    private void AppendKey(int field, int wireType) => Append(((ulong)field << 3) | (uint)wireType);

    private void Append(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes[_length++] = (byte)(value | 0x80);
        }

        _bytes[_length++] = (byte)value;
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        }
    }
}

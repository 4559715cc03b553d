using System.Buffers;
using System.IO.Compression;
using K4os.Compression.LZ4;

namespace LabNet.Core.Storage;

/// <summary>
/// What is kept compressed:
/// <code>
/// packed = %x07 BYTES lz4      ; a block of LZ4 (lz4_Block_format.md of the LZ4 project); BYTES: how many it unpacks to, a varint
///        / deflate             ; RFC 1951, as LabNet wrote it before: no such stream begins with 7, because a block's type is never 3
/// </code>
/// </summary>
internal static class Packed
{
    /// <summary>More than anything of LabNet's unpacks to; what asks for more is damaged.</summary>
    public const int PlainBytesMax = 64 << 20;

    private const byte Lz4 = 7;
    private const int HeadBytesMax = 1 + Varint.BytesMax;
    private const int PlainBytesAtFirst = 128 << 10;

    public static byte[] Pack(ReadOnlySpan<byte> plain)
    {
        var room = ArrayPool<byte>.Shared.Rent(HeadBytesMax + LZ4Codec.MaximumOutputSize(plain.Length));
        room[0] = Lz4;
        var head = 1 + Varint.Write(room.AsSpan(1), (ulong)plain.Length);
        var length = LZ4Codec.Encode(plain, room.AsSpan(head));
        var packed = room.AsSpan(0, head + length).ToArray();
        ArrayPool<byte>.Shared.Return(room);
        return packed;
    }

    /// <exception cref="DamagedSegmentException">It is none, or unpacks to more than <see cref="PlainBytesMax"/>.</exception>
    public static ReadOnlySpan<byte> Unpack(byte[] data) => UnpackMemory(data).Span;

    /// <inheritdoc cref="Unpack"/>
    public static ReadOnlyMemory<byte> UnpackMemory(byte[] data) => data is [Lz4, ..] ? UnpackLz4(data) : Inflate(data);

    private static byte[] UnpackLz4(byte[] data)
    {
        ReadOnlySpan<byte> packed = data.AsSpan(1);
        var plain = GC.AllocateUninitializedArray<byte>(Varint.ReadCount(ref packed, PlainBytesMax));
        return LZ4Codec.Decode(packed, plain) == plain.Length ? plain : throw new DamagedSegmentException("A segment cannot be unpacked, or not to what it says.");
    }

    private static ReadOnlyMemory<byte> Inflate(byte[] data)
    {
        try
        {
            using var deflate = new DeflateStream(new MemoryStream(data, writable: false), CompressionMode.Decompress);
            var plain = new byte[PlainBytesAtFirst];
            var length = 0;
            for (var read = deflate.Read(plain); read > 0; read = deflate.Read(plain, length, plain.Length - length))
            {
                length += read;
                if (length > PlainBytesMax)
                {
                    throw new DamagedSegmentException("A segment unpacks to more than any has.");
                }

                if (length == plain.Length)
                {
                    Array.Resize(ref plain, length * 2);
                }
            }

            return plain.AsMemory(0, length);
        }
        catch (InvalidDataException e)
        {
            throw new DamagedSegmentException($"A segment cannot be unpacked: {e.Message}");
        }
    }
}

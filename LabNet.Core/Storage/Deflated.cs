using System.IO.Compression;

namespace LabNet.Core.Storage;

/// <summary>What is kept compressed, as a raw deflate stream.</summary>
internal static class Deflated
{
    /// <summary>More than anything of LabNet's unpacks to; what asks for more is damaged.</summary>
    public const int PlainBytesMax = 64 << 20;

    private const int PlainBytesAtFirst = 128 << 10;

    public static byte[] Pack(ReadOnlySpan<byte> plain)
    {
        using var memory = new MemoryStream();
        using (var deflate = new DeflateStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(plain);
        }

        return memory.ToArray();
    }

    /// <exception cref="DamagedSegmentException">It is none, or unpacks to more than <see cref="PlainBytesMax"/>.</exception>
    public static ReadOnlySpan<byte> Unpack(byte[] data) => UnpackMemory(data).Span;

    /// <inheritdoc cref="Unpack"/>
    public static ReadOnlyMemory<byte> UnpackMemory(byte[] data)
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

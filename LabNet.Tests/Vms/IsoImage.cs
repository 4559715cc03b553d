using System.Buffers.Binary;
using System.Text;

namespace LabNet.Tests.Vms;

/// <summary>
/// A CD image with one file, as ECMA-119 (ISO 9660) level 1 wants it. Made here, because no program that makes one can be taken for
/// granted on a machine that runs the tests.
/// </summary>
internal static class IsoImage
{
    private const int Sector = 2048;
    private const int Root = 20;
    private const int Content = 21;

    /// <param name="name">Eight capital letters or digits at most, a dot and three more.</param>
    public static byte[] With(string name, ReadOnlySpan<byte> content)
    {
        var sectors = Content + ((content.Length + Sector - 1) / Sector);
        var image = new byte[sectors * Sector];
        WriteVolume(image.AsSpan(16 * Sector), sectors);

        // The set of volume descriptors ends (§ 8.3).
        image[17 * Sector] = 255;
        "CD001\u0001"u8.CopyTo(image.AsSpan((17 * Sector) + 1));

        // Path tables (§ 9.4), little and big endian, with the root alone.
        ((ReadOnlySpan<byte>)[1, 0, Root, 0, 0, 0, 1, 0, 0, 0]).CopyTo(image.AsSpan(18 * Sector));
        ((ReadOnlySpan<byte>)[1, 0, 0, 0, 0, Root, 0, 1, 0, 0]).CopyTo(image.AsSpan(19 * Sector));

        var folder = image.AsSpan(Root * Sector, Sector);
        folder = folder[WriteRecord(folder, Root, Sector, isFolder: true, [0])..];
        folder = folder[WriteRecord(folder, Root, Sector, isFolder: true, [1])..];
        WriteRecord(folder, Content, content.Length, isFolder: false, Encoding.ASCII.GetBytes(name + ";1"));
        content.CopyTo(image.AsSpan(Content * Sector));
        return image;
    }

    /// <summary>The primary volume descriptor (§ 8.4).</summary>
    private static void WriteVolume(Span<byte> volume, int sectors)
    {
        volume[..Sector].Fill((byte)' ');
        volume[0] = 1;
        "CD001\u0001\0"u8.CopyTo(volume[1..]);
        volume[72..80].Clear();
        WriteBoth32(volume[80..], sectors);
        volume[88..120].Clear();
        WriteBoth16(volume[120..], 1);
        WriteBoth16(volume[124..], 1);
        WriteBoth16(volume[128..], Sector);
        WriteBoth32(volume[132..], 10);
        BinaryPrimitives.WriteInt64LittleEndian(volume[140..], 18);
        BinaryPrimitives.WriteInt64BigEndian(volume[148..], 19);
        WriteRecord(volume[156..], Root, Sector, isFolder: true, [0]);

        // Four dates that say nothing, the structure's version, and what is reserved.
        volume[813..881].Fill((byte)'0');
        volume[881] = 1;
        volume[882..Sector].Clear();
    }

    /// <summary>A directory record (§ 9.1).</summary>
    /// <returns>Its length.</returns>
    private static int WriteRecord(Span<byte> record, int sector, int length, bool isFolder, ReadOnlySpan<byte> name)
    {
        var size = (33 + name.Length + 1) & ~1;
        record[..size].Clear();
        record[0] = (byte)size;
        WriteBoth32(record[2..], sector);
        WriteBoth32(record[10..], length);

        // The first of January 2000.
        ((ReadOnlySpan<byte>)[100, 1, 1, 0, 0, 0, 0]).CopyTo(record[18..]);
        record[25] = isFolder ? (byte)2 : (byte)0;
        WriteBoth16(record[28..], 1);
        record[32] = (byte)name.Length;
        name.CopyTo(record[33..]);
        return size;
    }

    private static void WriteBoth16(Span<byte> field, short value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(field, value);
        BinaryPrimitives.WriteInt16BigEndian(field[2..], value);
    }

    private static void WriteBoth32(Span<byte> field, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(field, value);
        BinaryPrimitives.WriteInt32BigEndian(field[4..], value);
    }
}

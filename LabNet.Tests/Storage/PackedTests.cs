using System.IO.Compression;
using LabNet.Core.Storage;

namespace LabNet.Tests.Storage;

[Trait("suite", "unit")]
public sealed class PackedTests
{
    [Fact]
    public void What_was_packed_comes_back_whatever_it_was()
    {
        var random = Seed.Print();
        foreach (var length in (int[])[0, 1, 2, 11, 12, 13, 64, 65, 255, 256, 4096, 65_535, 65_536, 200_000])
        {
            var noise = new byte[length];
            random.NextBytes(noise);
            byte[] words = [.. Enumerable.Range(0, length).Select(place => (byte)(place % 7))];
            Assert.Equal(noise, Packed.Unpack(Packed.Pack(noise)));
            Assert.Equal(words, Packed.Unpack(Packed.Pack(words)));
            Assert.InRange(Packed.Pack(words).Length, 1, 32 + (length / 100));
        }
    }

    [Theory]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.SmallestSize)]
    [InlineData(CompressionLevel.NoCompression)]
    public void What_an_earlier_LabNet_deflated_is_still_read(CompressionLevel level)
    {
        var random = Seed.Print();
        for (var length = 0; length < 2000; length += random.Next(1, 50))
        {
            byte[] plain = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(0, 9))];
            Assert.Equal(plain, Packed.Unpack(Deflated(plain, level)));
        }
    }

    [Fact]
    public void Damage_is_told_or_gives_as_many_bytes_and_nothing_worse()
    {
        var random = Seed.Print();
        byte[] plain = [.. Enumerable.Range(0, 3000).Select(place => (byte)(random.Next(0, 20) == 0 ? random.Next(0, 255) : place % 50))];
        var packed = Packed.Pack(plain);
        for (var length = 1; length < packed.Length; length++)
        {
            Assert.Throws<DamagedSegmentException>(() => Unpack(packed[..length]));
        }

        for (var round = 0; round < LongForm.Rounds(5000); round++)
        {
            byte[] damaged = [.. packed];
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                damaged[random.Next(3, damaged.Length)] = (byte)random.Next(0, 256);
            }

            var told = Record.Exception(() => Assert.Equal(plain.Length, Unpack(damaged)));
            Assert.True(told is null or DamagedSegmentException, $"{told}");
        }
    }

    [Theory]
    [InlineData(new byte[] { 7 })]
    [InlineData(new byte[] { 7, 5 })]
    [InlineData(new byte[] { 7, 5, 0x10, 65 })]
    [InlineData(new byte[] { 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 7, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x10, 65 })]
    [InlineData(new byte[] { 6, 1, 2, 3 })]
    [InlineData(new byte[] { 255 })]
    public void What_nothing_was_packed_to_is_told(byte[] data) => Assert.Throws<DamagedSegmentException>(() => Unpack(data));

    private static int Unpack(byte[] data) => Packed.Unpack(data).Length;

    private static byte[] Deflated(byte[] plain, CompressionLevel level)
    {
        using var memory = new MemoryStream();
        using (var deflate = new DeflateStream(memory, level, leaveOpen: true))
        {
            deflate.Write(plain);
        }

        return memory.ToArray();
    }
}

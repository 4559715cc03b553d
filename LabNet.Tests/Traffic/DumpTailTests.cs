using System.Buffers.Binary;
using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class DumpTailTests : IDisposable
{
    private const int FrameBytes = 1000;

    /// <summary>A tmpfs, as QEMU's place is one.</summary>
    private readonly string _path = Path.Join(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"labnet-test-{Guid.NewGuid():N}");
    private readonly FileStream _qemu;
    private int _written;

    public DumpTailTests()
    {
        _qemu = new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var header = new byte[PcapFormat.HeaderBytes];
        PcapFormat.WriteHeader(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b2c3d4);
        _qemu.Write(header);
    }

    [Fact]
    public void Each_packet_is_read_once_however_the_file_grows_and_what_was_read_is_given_back()
    {
        using var tail = new DumpTail(_path, offset: 0);
        var random = Seed.Print(out var seed);
        var seen = new List<int>();
        for (var round = 0; round < 400; round++)
        {
            // Half a record may stand at the end for a while.
            var record = Record(_written++);
            var split = random.Next(record.Length + 1);
            _qemu.Write(record, 0, split);
            if (random.Next(3) == 0)
            {
                Read(tail, seen);
            }

            _qemu.Write(record, split, record.Length - split);
            if (random.Next(3) == 0)
            {
                Read(tail, seen);
                tail.FreeTo(tail.Offset);
            }
        }

        for (; _written < 3000; _written++)
        {
            _qemu.Write(Record(_written));
        }

        Read(tail, seen);
        tail.FreeTo(tail.Offset);
        Assert.True(Enumerable.Range(0, 3000).SequenceEqual(seen), $"seed {seed}");
        Assert.Equal(new FileInfo(_path).Length, tail.Offset);
        using var after = new DumpTail(_path, tail.Offset);
        _qemu.Write(Record(_written));
        var one = new List<int>();
        Read(after, one);
        Assert.Equal([3000], one);

        // 512-byte blocks, as stat(2) counts them.
        Assert.InRange(Blocks(_path) * 512, 0, 512 << 10);
    }

    [Fact]
    public void A_visitor_that_wants_no_more_is_given_the_same_packet_again()
    {
        using var tail = new DumpTail(_path, offset: 0);
        for (; _written < 10; _written++)
        {
            _qemu.Write(Record(_written));
        }

        var taken = 0;
        tail.Read((PcapRecord _, long _) => taken++ < 4);
        var seen = new List<int>();
        Read(tail, seen);
        Assert.Equal([4, 5, 6, 7, 8, 9], seen);
    }

    [Fact]
    public void What_can_be_no_packet_ends_the_reading()
    {
        using var tail = new DumpTail(_path, offset: 0);
        _qemu.Write(Record(0));
        _qemu.Write(Enumerable.Repeat((byte)255, 100).ToArray());
        var seen = new List<int>();
        Read(tail, seen);
        Read(tail, seen);
        Assert.Equal([0], seen);
        Assert.True(tail.IsDamaged);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(12)]
    public void What_an_older_QEMU_writes_in_front_of_a_frame_is_taken_away(int before)
    {
        var header = new VnetHeader(Frames.MacA);
        byte[] broadcast = [.. new byte[before], .. Frames.Ether(PacketHeaders.ArpType, new byte[28], to: 0xffff_ffff_ffff, from: 5)];
        Assert.Equal(before, header.LengthOf([.. new byte[before], .. Frames.Ping(8)]));
        Assert.Equal(before, header.LengthOf(broadcast));
        Assert.Equal(before, header.LengthOf([.. new byte[before], .. Frames.Ping(0)]));
        Assert.Equal(Math.Min(before, 3), header.LengthOf(new byte[3]));
    }

    [Fact]
    public void A_packets_time_is_when_it_was_written()
    {
        var before = DateTimeOffset.UtcNow;
        _qemu.Write(Record(0));
        using var tail = new DumpTail(_path, offset: 0);
        long timeNs = 0;
        tail.Read((PcapRecord _, long wall) =>
        {
            timeNs = wall;
            return true;
        });
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(timeNs / 1_000_000), before.AddMilliseconds(-20), DateTimeOffset.UtcNow.AddMilliseconds(20));
    }

    [Fact]
    public void The_clock_takes_the_nearest_sample_and_a_pause_for_what_it_is()
    {
        const long Ms = 1_000_000;
        var clock = new DumpClock();
        clock.Sample(writtenNs: 1000 * Ms, packetNs: 0);
        clock.Sample(1109 * Ms, 100 * Ms);
        Assert.Equal(1000 * Ms, clock.OffsetNs);
        clock.Sample(1198 * Ms, 200 * Ms);
        Assert.Equal((998 * Ms, 1), (clock.OffsetNs, clock.Era));

        // One that QEMU was late with moves nothing; a pause that nobody told of shows by the third.
        clock.Sample(1900 * Ms, 300 * Ms);
        Assert.Equal(998 * Ms, clock.OffsetNs);
        clock.Sample(1399 * Ms, 400 * Ms);
        clock.Sample(6500 * Ms, 500 * Ms);
        clock.Sample(6601 * Ms, 600 * Ms);
        Assert.Equal(998 * Ms, clock.OffsetNs);
        clock.Sample(6702 * Ms, 700 * Ms);
        Assert.Equal((6000 * Ms, 2), (clock.OffsetNs, clock.Era));

        // One that is told of counts at once, also back.
        clock.Doubt();
        clock.Sample(9000 * Ms, 800 * Ms);
        Assert.Equal((8200 * Ms, 9000 * Ms, 3), (clock.OffsetNs, clock.WallNs(800 * Ms), clock.Era));
        clock.Sample(9100 * Ms, 8000 * Ms);
        Assert.Equal((1100 * Ms, 9100 * Ms), (clock.OffsetNs, clock.WallNs(8000 * Ms)));
        Assert.Equal(9100 * Ms, clock.WallNs(7000 * Ms));
    }

    public void Dispose()
    {
        _qemu.Dispose();
        File.Delete(_path);
    }

    private static void Read(DumpTail tail, List<int> seen)
    {
        while (tail.Read((PcapRecord record, long _) =>
        {
            seen.Add(BinaryPrimitives.ReadInt32LittleEndian(record.Frame));
            return true;
        }))
        {
        }
    }

    private static byte[] Record(int number)
    {
        var record = new byte[PcapFormat.RecordHeaderBytes + FrameBytes];
        PcapFormat.WriteRecordHeader(record, timeNs: 0, FrameBytes, FrameBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), (uint)number);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(PcapFormat.RecordHeaderBytes), number);
        return record;
    }

    private static long Blocks(string path)
    {
        using var stat = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["--format=%b", path]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var told = stat.StandardOutput.ReadToEnd();
        stat.WaitForExit();
        return long.Parse(told);
    }
}

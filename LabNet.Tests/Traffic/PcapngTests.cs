using System.Buffers;
using System.Diagnostics;
using LabNet.Core.Hosts;
using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class PcapngTests
{
    /// <summary>2026-11-22T10:00:00Z.</summary>
    private const long Noon = 1_795_428_000_000_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wireshark_reads_what_is_written_with_names_and_times()
    {
        using var folder = new TestFolder();
        var path = Path.Join(folder.Path, "two.pcapng");
        await File.WriteAllBytesAsync(path, Sample(), Cancellation);
        Assert.Equal(
            """
            x86/eth1,1795428000.000000001,98,ICMP
            arm/eth1,1795428000.000000500,98,ICMP
            x86/eth1,1795428000.250000000,1500,TCP

            """,
            await OutputAsync("tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=,", "-e", "frame.interface_name", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "_ws.col.Protocol"));
        var told = await OutputAsync("capinfos", path);
        Assert.Contains("Number of packets:   3", told, StringComparison.Ordinal);
        Assert.Contains("Capture comment:     a sample", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packets_are_summed_up_in_tsharks_words_where_it_can()
    {
        var lines = await Host.SummarizeAsync(Sample(), count: 3, Cancellation);
        Assert.Equal(["ICMP", "ICMP", "TCP"], lines!.Select(line => line.Protocol));
        Assert.StartsWith("Echo (ping) request", lines![0].Summary, StringComparison.Ordinal);
        Assert.Null(await Host.SummarizeAsync(new byte[100], count: 1, Cancellation));
        Assert.Null(await Host.SummarizeAsync(Sample(), count: 4, Cancellation));
    }

    [Fact]
    public void A_record_is_read_back_and_half_of_one_is_none()
    {
        var frame = Ping();
        var file = new byte[PcapFormat.HeaderBytes + PcapFormat.RecordHeaderBytes + frame.Length];
        PcapFormat.WriteHeader(file);
        PcapFormat.WriteRecordHeader(file.AsSpan(PcapFormat.HeaderBytes), Noon + 123_456_789, frame.Length, 1500);
        frame.CopyTo(file, PcapFormat.HeaderBytes + PcapFormat.RecordHeaderBytes);
        Assert.True(PcapFormat.TryReadHeader(file, out var format));
        Assert.True(format.TryReadRecord(file.AsSpan(PcapFormat.HeaderBytes), out var record, out _));
        Assert.Equal((Noon + 123_456_789, 1500, file.Length - PcapFormat.HeaderBytes), (record.TimeNs, record.OriginalBytes, record.FileBytes));
        Assert.Equal(frame, record.Frame);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Equal(length >= PcapFormat.HeaderBytes, PcapFormat.TryReadHeader(file.AsSpan(0, length), out _));
            Assert.False(length >= PcapFormat.HeaderBytes && format.TryReadRecord(file.AsSpan(PcapFormat.HeaderBytes, length - PcapFormat.HeaderBytes), out _, out _));
        }

        file[PcapFormat.HeaderBytes + 11] = 255;
        Assert.False(format.TryReadRecord(file.AsSpan(PcapFormat.HeaderBytes), out _, out var isDamaged));
        Assert.True(isDamaged);
    }

    private static byte[] Sample()
    {
        var file = new ArrayBufferWriter<byte>();
        var writer = new PcapngWriter(file);
        writer.WriteSection("a sample");
        writer.WriteInterface("x86/eth1", description: null);
        writer.WriteInterface("arm/eth1", "packets were missed 2 times");
        writer.WritePacket(0, Noon + 1, 98, Ping());
        writer.WritePacket(1, Noon + 500, 98, Ping(0));
        writer.WritePacket(0, Noon + 250_000_000, 1500, Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "10.10.10.2", "10.10.10.1", Tcp(34567, 80, 2, 5, 6, []), saidLength: 1486)));
        return file.WrittenSpan.ToArray();
    }

    private static async Task<string> OutputAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }
}

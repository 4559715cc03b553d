using LabNet.Core.GuestAgent;

namespace LabNet.Tests.GuestAgent;

[Trait("suite", "unit")]
public sealed class GuestProcTests
{
    [Fact]
    public void Interrupts_are_read_with_a_count_for_each_processor()
    {
        var interrupts = GuestInterrupts.Parse("""
                       CPU0       CPU1
              0:         12          0   IO-APIC   2-edge      timer
             24:          0    1234567   PCI-MSI 81920-edge      virtio0-config
            LOC:       4000       4100   Local timer interrupts
            ERR:          0
            IPI0:         7          8       Rescheduling interrupts

            no colon here
            x:
            """);
        Assert.Equal(
            [("0", "IO-APIC 2-edge timer", 12L), ("24", "PCI-MSI 81920-edge virtio0-config", 1234567), ("LOC", "Local timer interrupts", 8100), ("ERR", "", 0), ("IPI0", "Rescheduling interrupts", 15), ("x", "", 0)],
            interrupts.Select(i => (i.Irq, i.Name, i.Total)));
        Assert.Equal([0L, 1234567], interrupts[1].PerCpu);
        Assert.Equal([0L], interrupts[3].PerCpu);
        Assert.Empty(interrupts[^1].PerCpu);
    }

    [Fact]
    public void Counts_beyond_all_measure_are_no_fault()
    {
        var interrupt = Assert.Single(GuestInterrupts.Parse("CPU0 CPU1\n1: 9223372036854775807 9223372036854775807 99999999999999999999999\n"));
        Assert.Equal(-2, interrupt.Total);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("\n 0: 1\n")]
    public void Interrupts_without_processors_are_an_unreachable_agent(string text) =>
        Assert.Throws<GuestAgentUnavailableException>(() => GuestInterrupts.Parse(text));

    [Fact]
    public void Memory_load_and_uptime_are_read()
    {
        Assert.Equal(12.34, GuestProc.Uptime("12.34 20.00\n"));
        Assert.Equal(new GuestLoad(0.5, 0.25, 0.1), GuestProc.Load("0.50 0.25 0.10 1/99 1234\n"));
        Assert.Equal(
            new GuestMemory(1024, 2048, 3072, 4096, 5120, 6144, 7168),
            GuestProc.Memory("MemTotal: 1 kB\nMemFree:  2 kB\nMemAvailable: 3 kB\nBuffers: 4 kB\nCached: 5 kB\nSwapTotal: 6 kB\nSwapFree: 7 kB\nHugePages_Total:       0\nodd\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("NaN 1 1")]
    [InlineData("-1 1 1")]
    public void What_is_no_number_is_an_unreachable_agent(string text)
    {
        Assert.Throws<GuestAgentUnavailableException>(() => GuestProc.Uptime(text));
        Assert.Throws<GuestAgentUnavailableException>(() => GuestProc.Load(text));
        Assert.Throws<GuestAgentUnavailableException>(() => GuestProc.Memory(text));
        Assert.Throws<GuestAgentUnavailableException>(() => GuestProc.Uptime(new string('9', 400)));
    }

    [Fact]
    public void Mounts_are_read_without_what_the_kernel_tells_of_itself() => Assert.Equal(
        [("/dev/vda", "/", "ext4"), ("work share", "/mnt/a b\\c", "9p"), ("tmpfs", "/run", "tmpfs")],
        GuestProc.Mounts("""
            proc /proc proc rw 0 0
            /dev/vda / ext4 rw 0 0
            work\040share /mnt/a\040b\134c 9p rw,trans=virtio 0 0
            tmpfs /run tmpfs rw 0 0
            odd
            """).Select(f => (f.Name, f.Mountpoint, f.Type)));
}

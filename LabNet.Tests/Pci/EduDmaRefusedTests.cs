namespace LabNet.Tests.Pci;

/// <summary>What a guest must not be able to do by DMA of labnet-edu. Not a byte moves that was not checked before.</summary>
[Trait("suite", "pci")]
public sealed class EduDmaRefusedTests
{
    private const uint ToDevice = ScatterEntry.ToDevice;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_count_that_is_no_lists_is_refused(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        foreach (var count in (uint[])[0, 257, 0x80000000, 0xffffffff])
        {
            edu.Begin(edu.List, count);
            Assert.Equal(("ERROR", "COUNT", 0u), (edu.State, edu.Error, edu.Read("DMA_BYTES")));
        }

        edu.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task An_entry_that_would_overflow_is_refused_in_every_field(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(0x100));
        foreach (var direction in (uint[])[0, ToDevice])
        {
            foreach (var length in (uint[])[0, 0x10001, 0x80000000, 0xfffffffe, 0xffffffff])
            {
                Assert.Equal("LENGTH", edu.FailureOf(new ScatterEntry(edu.Data, length, direction)));
            }

            foreach (var (length, offset) in ((uint, uint)[])[(1 + 0x10000 - 8, 8), (0x10000, 1), (2, 0xffff), (0x8001, 0x8000)])
            {
                Assert.Equal("OFFSET", edu.FailureOf(new ScatterEntry(edu.Data, length, offset | direction)));
            }

            foreach (var (address, length) in ((ulong, uint)[])[(ulong.MaxValue, 2), (ulong.MaxValue - 0xffff + 1, 0x10000), (ulong.MaxValue - 6, 8)])
            {
                Assert.Equal("ADDRESS", edu.FailureOf(new ScatterEntry(address, length, direction)));
            }

            foreach (var reserved in (uint[])[0x10000, 0x40000000, 0x7fff0000])
            {
                Assert.Equal("FLAGS", edu.FailureOf(new ScatterEntry(edu.Data, 4, reserved | direction)));
            }
        }

        Assert.Equal(0u, edu.Read("DMA_BYTES"));
        Assert.Equal(new byte[0x100], edu.Qtest.ReadBytes(edu.Memory, 0x100));
        Assert.Equal(EduDevice.Pattern(0x100), edu.Qtest.ReadBytes(edu.Data, 0x100));
        edu.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_last_bytes_of_each_range_are_taken(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Qtest.WriteBytes(edu.Data, [0xa5]);
        edu.Begin(new ScatterEntry(edu.Data, 0x10000, ToDevice), new ScatterEntry(edu.Data, 1, 0xffff | ToDevice));
        edu.Finish();
        Assert.Equal("DONE", edu.State);
        Assert.Equal(0xa5UL, edu.Qtest.Read(edu.Memory + 0xffff, 1));

        // Of 64 bits too: it does not wrap, there is just nothing.
        Assert.Equal("BUS", edu.FailureOf(new ScatterEntry(ulong.MaxValue - 0xffff, 0x10000, 0)));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task DMA_to_nowhere_and_to_registers_is_an_error_of_the_bus(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("SCRATCH", 0x5c7a7c4);
        foreach (var address in (ulong[])[0x7000000000000000, edu.Machine.Window + 0x08000000, edu.Function.AddressOf(0), edu.Function.AddressOf(0) + 8, edu.Function.AddressOf(4)])
        {
            Assert.Equal("BUS", edu.FailureOf(new ScatterEntry(address, 4, 0)));
            Assert.Equal("BUS", edu.FailureOf(new ScatterEntry(address, 4, ToDevice)));
        }

        // From memory over its end: what was there is moved by whole steps.
        Assert.Equal("BUS", edu.FailureOf(new ScatterEntry(edu.Machine.RamEnd - 0x1000, 0x3000, ToDevice)));
        Assert.Equal(0x1000u, edu.Read("DMA_BYTES"));
        Assert.Equal(0x5c7a7c4u, edu.Read("SCRATCH"));
        edu.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task DMA_to_the_devices_own_memory_is_as_to_any_other_also_where_it_overlaps(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        var data = EduDevice.Pattern(0x1000);
        edu.Qtest.WriteBytes(edu.Memory, data);
        edu.Begin(new ScatterEntry(edu.Memory + 0x800, 0x1000, 0));
        edu.Finish();
        Assert.Equal("DONE", edu.State);
        Assert.Equal(data, edu.Qtest.ReadBytes(edu.Memory + 0x800, 0x1000));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_list_that_is_nowhere_or_ends_there_is_refused(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        foreach (var (list, error) in ((ulong, string)[])[(0x7000000000000000, "BUS"), (edu.Function.AddressOf(0), "BUS"), (ulong.MaxValue - 0xf, "BUS"), (ulong.MaxValue, "ADDRESS"), (ulong.MaxValue - 0xe, "ADDRESS")])
        {
            edu.Begin(list, 1);
            edu.Finish();
            Assert.Equal((list, error), (list, edu.Error));
        }

        edu.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Without_bus_mastering_nothing_moves(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryOnly, bytes: 2);
        Assert.Equal("NOT_MASTER", edu.FailureOf(new ScatterEntry(edu.Data, 0x100, ToDevice)));

        edu.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryAndMaster, bytes: 2);
        edu.Begin(new ScatterEntry(edu.Data, 0x4000, ToDevice));
        edu.Qtest.StepClock();
        edu.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryOnly, bytes: 2);
        edu.Finish();
        Assert.Equal(("NOT_MASTER", 0x1000u), (edu.Error, edu.Read("DMA_BYTES")));
    }
}

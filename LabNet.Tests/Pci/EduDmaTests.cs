namespace LabNet.Tests.Pci;

/// <summary>What DMA of labnet-edu moves, and when.</summary>
[Trait("suite", "pci")]
public sealed class EduDmaTests
{
    private const uint ToDevice = ScatterEntry.ToDevice;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Data_goes_to_the_device_and_back(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        var data = EduDevice.Pattern(0x3001);
        edu.Qtest.WriteBytes(edu.Data, data);

        edu.Begin(new ScatterEntry(edu.Data, (uint)data.Length, 0x123 | ToDevice));
        Assert.Equal(("RUNNING", edu.Bit("STATUS", "DMA_BUSY")), (edu.State, edu.Read("STATUS")));
        edu.Finish();
        Assert.Equal(("DONE", "NONE", 1u, (uint)data.Length), (edu.State, edu.Error, edu.Read("DMA_ENTRY"), edu.Read("DMA_BYTES")));
        Assert.True(edu.Has("DMA_DONE"));
        Assert.Equal(data, edu.Qtest.ReadBytes(edu.Memory + 0x123, data.Length));

        edu.Begin(new ScatterEntry(edu.Data + 0x10001, (uint)data.Length, 0x123));
        edu.Finish();
        Assert.Equal(data, edu.Qtest.ReadBytes(edu.Data + 0x10001, data.Length));
        Assert.Equal(0UL, edu.Qtest.Read(edu.Data + 0x10000, 1));
        Assert.Equal(0UL, edu.Qtest.Read(edu.Data + 0x10001 + (ulong)data.Length, 1));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_list_of_256_entries_is_walked_to_its_end(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        var data = EduDevice.Pattern(0x10000);
        edu.Qtest.WriteBytes(edu.Memory, data);
        var entries = Enumerable.Range(0, 256).Select(index => new ScatterEntry(edu.Data + (ulong)(255 - index) * 0x100, 0x100, (uint)index * 0x100)).ToArray();
        edu.Begin(entries);
        edu.Finish();
        Assert.Equal(("DONE", 256u, 0x10000u), (edu.State, edu.Read("DMA_ENTRY"), edu.Read("DMA_BYTES")));
        for (var index = 0; index < 256; index++)
        {
            Assert.Equal(data[(index * 0x100)..((index + 1) * 0x100)], edu.Qtest.ReadBytes(edu.Data + (ulong)(255 - index) * 0x100, 0x100));
        }
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_pace_says_how_long_each_4_KiB_take(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("DMA_PACE", 1000);
        edu.Begin(new ScatterEntry(edu.Data, 0x3000, ToDevice));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(999));
        Assert.Equal(0u, edu.Read("DMA_BYTES"));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1));
        Assert.Equal(0x1000u, edu.Read("DMA_BYTES"));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1000));
        Assert.Equal((0x2000u, "RUNNING"), (edu.Read("DMA_BYTES"), edu.State));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1000));
        Assert.Equal((0x3000u, "DONE"), (edu.Read("DMA_BYTES"), edu.State));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_list_and_the_count_are_those_of_the_START(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(0x2000));
        edu.Begin(new ScatterEntry(edu.Data, 0x1000, ToDevice), new ScatterEntry(edu.Data + 0x1000, 0x1000, 0x1000 | ToDevice));
        edu.Write("DMA_LIST_LO", 0xdead0000);
        edu.Write("DMA_COUNT", 1);
        edu.Finish();
        Assert.Equal(("DONE", 0x2000u), (edu.State, edu.Read("DMA_BYTES")));
        Assert.Equal(EduDevice.Pattern(0x2000), edu.Qtest.ReadBytes(edu.Memory, 0x2000));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_run_can_be_aborted_and_the_next_one_begins_at_its_own_beginning(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Begin(new ScatterEntry(edu.Data, 0x10000, ToDevice));
        edu.Qtest.StepClock();
        edu.Write("DMA_COMMAND", edu.Value("DMA_COMMAND", "ABORT"));
        Assert.Equal(("ERROR", "ABORTED", 0x1000u), (edu.State, edu.Error, edu.Read("DMA_BYTES")));
        Assert.True(edu.Has("DMA_ERROR"));
        edu.Write("IRQ_STATUS", 0x3f);
        edu.Write("DMA_COMMAND", edu.Value("DMA_COMMAND", "ABORT"));
        Assert.Equal(0u, edu.Read("IRQ_STATUS"));

        edu.Begin(new ScatterEntry(edu.Data, 0x10, ToDevice));
        edu.Finish();
        Assert.Equal(("DONE", 0x10u), (edu.State, edu.Read("DMA_BYTES")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_START_in_mid_run_is_told_and_the_run_goes_on(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Begin(new ScatterEntry(edu.Data, 0x4000, ToDevice));
        edu.Qtest.StepClock();
        edu.Write("DMA_COMMAND", edu.Value("DMA_COMMAND", "START"));
        Assert.Equal(("RUNNING", "BUSY", 0x1000u), (edu.State, edu.Error, edu.Read("DMA_BYTES")));
        Assert.True(edu.Has("DMA_ERROR"));
        edu.Finish();
        Assert.Equal(("DONE", "NONE", 0x4000u), (edu.State, edu.Error, edu.Read("DMA_BYTES")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Faults_come_on_request(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(0x3000));
        edu.Write("INJECT_AFTER", 0x1800);
        edu.Write("INJECT", edu.Bit("INJECT", "DMA_FAIL"));
        Assert.Equal("INJECTED", edu.FailureOf(new ScatterEntry(edu.Data, 0x3000, ToDevice)));
        Assert.Equal(0x1800u, edu.Read("DMA_BYTES"));
        Assert.Equal(EduDevice.Pattern(0x3000)[..0x1800], edu.Qtest.ReadBytes(edu.Memory, 0x1800));
        Assert.Equal(new byte[0x1800], edu.Qtest.ReadBytes(edu.Memory + 0x1800, 0x1800));

        edu.Write("INJECT", edu.Bit("INJECT", "STUCK_BUSY"));
        edu.Begin(new ScatterEntry(edu.Data, 0x1000, ToDevice));
        edu.Qtest.StepClock(TimeSpan.FromMilliseconds(1));
        Assert.Equal(("RUNNING", 0u), (edu.State, edu.Read("DMA_BYTES")));
        edu.Write("INJECT", edu.Bit("INJECT", "BAD_DATA"));
        edu.Finish();
        var expected = EduDevice.Pattern(0x3000)[..0x1000];
        expected[0] ^= 0xff;
        Assert.Equal(expected, edu.Qtest.ReadBytes(edu.Memory, 0x1000));
    }
}

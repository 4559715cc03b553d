using System.Diagnostics;

namespace LabNet.Tests.Pci;

/// <summary>What happens to labnet-edu in the middle of DMA: resets, unplugging, snapshots.</summary>
[Trait("suite", "pci")]
public sealed class EduInterruptedRunTests
{
    private const uint ToDevice = ScatterEntry.ToDevice;
    private const int Bytes = 0x4000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64", "register")]
    [InlineData("aarch64", "register")]
    [InlineData("x86_64", "function")]
    [InlineData("aarch64", "function")]
    [InlineData("x86_64", "machine")]
    [InlineData("aarch64", "machine")]
    public async Task A_reset_ends_a_run_and_leaves_no_step_of_it_behind(string architecture, string kind)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        BeginRun(edu);
        switch (kind)
        {
            case "register":
                edu.Write("CONTROL", edu.Bit("CONTROL", "RESET"));
                break;
            case "function":
                edu.Function.WriteConfig(edu.Function.FindCapability(PciFunction.Express) + 8, 0x8000, bytes: 2);
                edu.Function.PlaceBars();
                break;
            default:
                edu.ResetMachine();
                break;
        }

        Assert.Equal(("IDLE", 0u, 0u), (edu.State, edu.Read("DMA_BYTES"), edu.Read("IRQ_STATUS")));
        edu.Qtest.StepClock(TimeSpan.FromMilliseconds(10));
        Assert.Equal(("IDLE", 0u), (edu.State, edu.Read("IRQ_STATUS")));

        // What was moved stays, and no more is.
        Assert.Equal(EduDevice.Pattern(Bytes)[..0x1000], edu.Qtest.ReadBytes(edu.Memory, 0x1000));
        Assert.Equal(new byte[0x1000], edu.Qtest.ReadBytes(edu.Memory + 0x1000, 0x1000));
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(0x10));
        edu.Begin(new ScatterEntry(edu.Data, 0x10, ToDevice));
        edu.Finish();
        Assert.Equal("DONE", edu.State);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_device_that_is_unplugged_in_mid_run_moves_nothing_more_and_can_come_back(string architecture)
    {
        await using var edu = await EduDevice.StartBehindPortAsync(architecture, Cancellation);
        for (var round = 0; round < 5; round++)
        {
            edu.Write("TIMER_PERIOD", 10);
            edu.Write("TIMER_CONTROL", 3);
            edu.Qtest.WriteBytes(edu.Memory, EduDevice.Pattern(Bytes));
            edu.Qtest.WriteBytes(edu.Data, new byte[Bytes]);
            edu.Begin(new ScatterEntry(edu.Data, Bytes, 0));
            edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1));
            edu.Unplug();
            edu.Qtest.StepClock(TimeSpan.FromMilliseconds(1));
            Assert.Equal(EduDevice.Pattern(Bytes)[..0x1000], edu.Qtest.ReadBytes(edu.Data, 0x1000));
            Assert.Equal(new byte[Bytes - 0x1000], edu.Qtest.ReadBytes(edu.Data + 0x1000, Bytes - 0x1000));

            edu.PlugAnew();
            Assert.Equal(("IDLE", 0u), (edu.State, edu.Read("TIMER_COUNT")));
        }

        edu.Qemu.AssertAlive();
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_snapshot_in_mid_run_goes_on_where_it_was_in_the_same_QEMU_and_in_another_one(string architecture)
    {
        using var folder = new TestFolder();
        var disk = folder.File("snapshots.qcow2");
        Run("qemu-img", "create", "-q", "-f", "qcow2", disk, "256M");
        string[] drive = ["-drive", $"if=none,format=qcow2,file={disk},id=snapshots"];
        Dictionary<string, uint> saved;
        await using (var edu = await EduDevice.StartAsync(architecture, Cancellation, more: drive))
        {
            BeginRun(edu);
            edu.Write("TIMER_PERIOD", 5000);
            edu.Write("TIMER_CONTROL", edu.Bit("TIMER_CONTROL", "START"));
            edu.Write("SCRATCH", 0x5a5a);
            edu.EnableAll();
            edu.Write("DOORBELL", 7);
            saved = edu.ReadAll();
            edu.Qemu.Human("savevm mid");
            Assert.Equal(saved, edu.ReadAll());
            AssertGoesOn(edu);

            // The test's clock does not go back with the machine: what was due meanwhile would come at once.
            edu.Qemu.Execute("stop");
            edu.Qemu.Human("loadvm mid");
            Assert.Equal(saved, edu.ReadAll());
            edu.Qemu.Execute("cont");
            AssertGoesOn(edu);
        }

        await using var other = await EduDevice.StartAsync(architecture, Cancellation, more: drive);
        other.Qemu.Human("loadvm mid");
        Assert.Equal(saved, other.ReadAll());
        Assert.Equal(EduDevice.Pattern(Bytes)[..0x1000], other.Qtest.ReadBytes(other.Memory, 0x1000));
        AssertGoesOn(other);
    }

    /// <summary>Of four steps, one is done.</summary>
    private static void BeginRun(EduDevice edu)
    {
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(Bytes));
        edu.Write("DMA_PACE", 1000);
        edu.Begin(new ScatterEntry(edu.Data, 0x3000, ToDevice), new ScatterEntry(edu.Data + 0x3000, 0x1000, 0x3000 | ToDevice));
        edu.Qtest.StepClock();
        Assert.Equal(("RUNNING", 0x1000u), (edu.State, edu.Read("DMA_BYTES")));
    }

    private static void AssertGoesOn(EduDevice edu)
    {
        edu.Finish();
        Assert.Equal(("DONE", 2u, (uint)Bytes), (edu.State, edu.Read("DMA_ENTRY"), edu.Read("DMA_BYTES")));
        Assert.Equal(EduDevice.Pattern(Bytes), edu.Qtest.ReadBytes(edu.Memory, Bytes));
        edu.Qtest.StepClock(TimeSpan.FromMilliseconds(10));
        Assert.Equal((1u, 0x5a5au, 7u), (edu.Read("TIMER_COUNT"), edu.Read("SCRATCH"), edu.Read("DOORBELL_LAST")));
        Assert.True(edu.Has("DMA_DONE") && edu.Has("DOORBELL") && edu.Has("TIMER"));
        edu.Qemu.AssertAlive();
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}

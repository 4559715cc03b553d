using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "qemu")]
public sealed class SavedStateQemuTests
{
    private const int Hang = 120_000;
    private const int MemoryBytes = 64 << 20;

    [Theory(Timeout = Hang)]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Between_two_snapshots_of_a_guest_that_counts_its_register_and_one_page_have_changed(string architecture)
    {
        var guest = architecture == "x86_64" ? CountingGuest.X86 : CountingGuest.Arm;
        using var folder = new TestFolder();
        var disk = folder.File("disk.qcow2");
        QemuTools.Img("create", "-q", "-f", "qcow2", disk, "20G");
        await using var qemu = await CountingQemu.StartAsync(guest, folder, disk);
        var first = await SaveAsync(qemu, "first", 0);
        await qemu.ResumeAsync();
        var second = await SaveAsync(qemu, "second", await qemu.CountAsync(first));
        Assert.True(second > first);

        // QEMU still holds the file.
        using var image = Qcow2Image.Open(disk);
        Assert.Empty(image.Compare(image.Snapshots[0], image.Snapshots[1], TestContext.Current.CancellationToken).Ranges);
        var (before, after) = (Read(image, 0), Read(image, 1));
        Describe(before);
        CheckWhole(before, guest);
        CheckWhole(after, guest);
        var difference = SavedMachineDifference.Between(before, after, TestContext.Current.CancellationToken);
        Describe(difference);
        Assert.Empty(difference.Gone);
        Assert.Empty(difference.Come);
        var memory = Assert.Single(difference.Memory);
        Assert.Equal((guest.Block, 4096L), (memory.Block, memory.ChangedBytes));
        Assert.Equal([new ByteRange(guest.CounterOffset, 4096)], memory.Ranges);
        var register = Assert.Single(difference.Changes, change => change.Register == guest.Register);
        Assert.Equal(("cpu/0", $"0x{first:x}", $"0x{second:x}"), (register.Section, register.Before, register.After));
    }

    private static async Task<ulong> SaveAsync(CountingQemu qemu, string tag, ulong from)
    {
        await qemu.CountAsync(from + 1000);
        await qemu.StopAsync();
        var register = await qemu.RegisterAsync();
        await qemu.SaveAsync(tag);
        return register;
    }

    private static SavedMachine Read(Qcow2Image image, int snapshot)
    {
        using var state = image.OpenVmState(image.Snapshots[snapshot]);
        return SavedMachine.Read(state, TestContext.Current.CancellationToken);
    }

    private static void CheckWhole(SavedMachine machine, CountingGuest guest)
    {
        Assert.True(machine.IsDescribed);
        Assert.Equal(4096, machine.PageBytes);
        Assert.StartsWith(guest == CountingGuest.X86 ? "pc-q35-" : "virt-", machine.MachineType, StringComparison.Ordinal);
        Assert.All(machine.Sections, section => Assert.True(section.Fields is not null, $"{section.Title}: {section.OpaqueBecause}"));
        var ram = machine.Memory.Single(block => block.Name == guest.Block);
        Assert.Equal((MemoryBytes, MemoryBytes / 4096, MemoryBytes / 4096), (ram.Bytes, ram.PageCount, ram.SavedPages));

        // Besides the counter's page there is the guest's code.
        Assert.InRange(ram.ZeroPages, (MemoryBytes / 4096) - 300, (MemoryBytes / 4096) - 1);
    }

    private static void Describe(SavedMachine machine)
    {
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"{machine.MachineType}: {string.Join(", ", machine.Sections.Select(section => $"{section.Title} {section.Bytes.Length}"))}");
        output.WriteLine(string.Join(", ", machine.Memory.Select(block => $"{block.Name} {block.Bytes} ({block.ZeroPages} of {block.SavedPages} zero)")));
    }

    private static void Describe(SavedMachineDifference difference)
    {
        foreach (var change in difference.Changes)
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{change.Section} {change.Path} {change.Register}: {change.Before} → {change.After}");
        }
    }
}

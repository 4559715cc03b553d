namespace LabNet.Tests.Pci;

/// <summary>
/// A guest that does whatever comes to its mind. The device may refuse all of it; QEMU must not end, and the device must answer a good
/// guest afterwards.
/// </summary>
[Trait("suite", "pci")]
public sealed class PciFuzzTests
{
    private const int HangMs = 60_000;
    private const int Rounds = 4_000;
    private const int ConfigBytes = 256;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [LongFormFact(HangMs)]
    public Task No_guest_ends_QEMU_on_x86_64() => FuzzAsync("x86_64");

    [LongFormFact(HangMs)]
    public Task No_guest_ends_QEMU_on_aarch64() => FuzzAsync("aarch64");

    private static async Task FuzzAsync(string architecture)
    {
        var random = Seed.Print();
        await using var edu = await EduDevice.StartBehindPortAsync(architecture, Cancellation);
        for (var round = 0; round < LongForm.Rounds(Rounds); round++)
        {
            Cancellation.ThrowIfCancellationRequested();
            Act(edu, random);
        }

        edu.Qemu.AssertAlive();
        Renew(edu);
        edu.Qtest.WriteBytes(edu.Data, EduDevice.Pattern(0x2000));
        edu.Begin(new ScatterEntry(edu.Data, 0x2000, ScatterEntry.ToDevice));
        edu.Finish();
        Assert.Equal("DONE", edu.State);
        Assert.Equal(EduDevice.Pattern(0x2000), edu.Qtest.ReadBytes(edu.Memory, 0x2000));
    }

    private static void Act(EduDevice edu, Random random)
    {
        switch (random.Next(100))
        {
            case < 40:
                edu.Qtest.Write(Somewhere(edu, random, out var size), size, Number(random));
                break;
            case < 60:
                edu.Qtest.Read(Somewhere(edu, random, out size), size);
                break;
            case < 75:
                BeginSomeRun(edu, random);
                break;
            case < 85:
                edu.Qtest.StepClock(TimeSpan.FromMicroseconds(random.Next(2000)));
                break;
            case < 92:
                edu.Function.WriteConfig(random.Next(ConfigBytes / 4) * 4, (uint)Number(random));
                break;
            case < 97:
                edu.EnterPort();
                break;
            case < 99:
                edu.Write("CONTROL", 1);
                break;
            default:
                Renew(edu);
                break;
        }
    }

    /// <summary>Registers, the MSI-X table, or the device's memory; at a register's place more often than elsewhere.</summary>
    private static ulong Somewhere(EduDevice edu, Random random, out int size)
    {
        size = 1 << random.Next(4);
        var bar = random.Next(8) switch { 0 => 2, 1 or 2 => 4, _ => 0 };
        var registers = edu.Model.Bars.Single(one => one.Bar == bar).Registers;
        if (!registers.IsEmpty && random.Next(4) != 0)
        {
            size = random.Next(8) == 0 ? size : 4;
            return edu.Function.AddressOf(bar) + (ulong)registers[random.Next(registers.Length)].Offset;
        }

        return edu.Function.AddressOf(bar) + (ulong)random.NextInt64((long)edu.Function.SizeOf(bar) - 8);
    }

    private static void BeginSomeRun(EduDevice edu, Random random)
    {
        var entries = new ScatterEntry[random.Next(1, 5)];
        for (var i = 0; i < entries.Length; i++)
        {
            var address = random.Next(6) switch
            {
                0 => Number(random),
                1 => edu.Memory + (ulong)random.Next(0x10000),
                2 => edu.Function.AddressOf(random.Next(2) * 4) + (ulong)random.Next(0x1000),
                3 => edu.Machine.RamEnd - (ulong)random.Next(0x20000),
                _ => edu.Data + (ulong)random.Next(0x10000),
            };
            var length = random.Next(3) == 0 ? (uint)Number(random) : (uint)random.Next(0x10001);
            var flags = random.Next(4) == 0 ? (uint)Number(random) : (uint)random.Next(0x10000) | (random.Next(2) == 0 ? ScatterEntry.ToDevice : 0);
            entries[i] = new ScatterEntry(address, length, flags);
        }

        edu.Begin(entries);
    }

    /// <summary>Numbers at which counting goes wrong come more often than others.</summary>
    private static ulong Number(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => ulong.MaxValue - (ulong)random.Next(16),
        2 => 1UL << random.Next(64),
        3 => (1UL << random.Next(64)) - 1,
        4 => (ulong)random.Next(0x100),
        _ => (ulong)random.NextInt64(),
    };

    /// <summary>Taken out and put in again, in whatever it is doing.</summary>
    private static void Renew(EduDevice edu)
    {
        edu.Unplug();
        edu.PlugAnew();
    }
}

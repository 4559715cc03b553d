using LabNet.Core.PciModels;

namespace LabNet.Tests.Pci;

/// <summary>What a register table says holds for the device in QEMU, whichever device it is: these tests know only the table.</summary>
[Trait("suite", "pci")]
public sealed class RegisterTableTests
{
    public static TheoryData<string, string> Devices => PciDevices.WithRegisters();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_device_is_enumerated_as_what_its_table_says(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        var (model, function) = (device.Model, device.Function);

        Assert.Equal((uint)((model.Device << 16) | model.Vendor), function.ReadConfig(0));
        Assert.Equal((uint)model.Class, function.ReadConfig(8) >> 8);
        Assert.All(model.Bars, bar => Assert.True(function.HasBar(bar.Bar), $"BAR {bar.Bar}"));
        Assert.All(model.Bars.Where(bar => bar.Kind != PciBarKind.Msix), bar => Assert.Equal((ulong)bar.SizeBytes, function.SizeOf(bar.Bar)));
        foreach (var bar in model.Bars.Where(bar => bar.Kind == PciBarKind.Msix))
        {
            var msix = function.FindCapability(0x11);
            Assert.Equal(bar.Vectors - 1, (int)function.ReadConfig(msix + 2, bytes: 2) & 0x7ff);
            Assert.Equal(bar.Bar, (int)function.ReadConfig(msix + 4) & 7);
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task After_a_reset_each_register_holds_what_its_table_says(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        var fresh = device.ReadAll();
        Assert.All(Registers(device.Model), one => Assert.Equal(ResetOf(device.Model, one.Register), fresh[one.Register.Name]));

        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register.Access == RegisterAccess.Rw))
        {
            device.Write(bar, register, (uint)(register.Allowed?.Max ?? ~register.Reset) & ~(uint)register.Clears);
        }

        Assert.NotEqual(fresh, device.ReadAll());
        device.ResetMachine();
        Assert.Equal(fresh, device.ReadAll());
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_write_changes_the_bits_of_the_mask_and_no_others(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register is { Access: RegisterAccess.Rw, Allowed: null }))
        {
            foreach (var value in (uint[])[0xffffffff, 0, 0xaaaaaaaa, 0x55555555, 0x12345678])
            {
                device.Write(bar, register, value);
                var expected = ((value & register.Mask) | (register.Reset & ~register.Mask)) & ~register.Clears;
                Assert.True(expected == device.Read(bar, register), $"{register.Name} after 0x{value:x8}: 0x{device.Read(bar, register):x8}, not 0x{expected:x8}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_value_that_is_not_allowed_is_refused(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register is { Access: RegisterAccess.Rw, Allowed: not null }))
        {
            var allowed = register.Allowed!;
            foreach (var value in (ulong[])[allowed.Min, allowed.Min - 1, allowed.Max, allowed.Max + 1, uint.MaxValue, .. allowed.Also])
            {
                var before = device.Read(bar, register);
                device.Write(bar, register, (uint)value);
                Assert.Equal(allowed.Holds((uint)value) ? (uint)value : before, device.Read(bar, register));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_write_to_a_register_that_can_only_be_read_changes_nothing(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register.Access == RegisterAccess.Ro))
        {
            var before = device.ReadAll();
            device.Write(bar, register, ~before[register.Name]);
            Assert.Equal(before, device.ReadAll());
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_one_clears_a_bit_that_is_cleared_by_ones(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register is { Access: RegisterAccess.W1c, SetBy: not null }))
        {
            var mask = (uint)register.Mask;
            device.Write(register.SetBy!, 0xffffffff);
            Assert.Equal(mask, device.Read(bar, register));
            device.Write(bar, register, 0);
            Assert.Equal(mask, device.Read(bar, register));
            for (var left = mask; left != 0; left &= left - 1)
            {
                device.Write(bar, register, left & (~left + 1));
                Assert.Equal(left & (left - 1), device.Read(bar, register));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_register_that_can_only_be_written_reads_as_nothing(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var (bar, register) in Registers(device.Model).Where(one => one.Register.Access == RegisterAccess.Wo))
        {
            device.Write(bar, register, 0xffffffff);
            Assert.Equal(0u, device.Read(bar, register));
        }
    }

    private static IEnumerable<(PciModelBar Bar, PciRegister Register)> Registers(PciModel model) =>
        model.Bars.SelectMany(bar => bar.Registers.Select(register => (bar, register)));

    private static uint ResetOf(PciModel model, PciRegister register) => register.ResetProperty is { } property
        ? uint.Parse(model.Properties.Single(one => one.Name == property).Default!, System.Globalization.CultureInfo.InvariantCulture)
        : register.Access == RegisterAccess.Wo ? 0 : (uint)register.Reset;
}

using System.Text.Json.Nodes;
using LabNet.Core.PciModels;

namespace LabNet.Tests.Pci;

/// <summary>A device is plugged in with what its table allows, and with nothing else.</summary>
[Trait("suite", "pci")]
public sealed class PropertyRangeTests
{
    public static TheoryData<string, string> Devices => PciDevices.WithRegisters();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_property_out_of_its_range_is_refused_in_words(string architecture, string name)
    {
        var model = PciDevices.Model(name);
        var machine = PciMachine.Of(architecture);
        await using var qemu = await QtestQemu.StartAsync(machine, ["-device", "pcie-root-port,id=rp,chassis=1,addr=4"], Cancellation);
        foreach (var property in model.Properties.Where(property => property.Type == PciPropertyType.Uint32))
        {
            foreach (var value in new[] { property.Min, property.Max }.Distinct())
            {
                qemu.Plug(Device(name, property, value));
                qemu.Unplug("dut");
                Assert.False(qemu.Has("dut"));
            }

            foreach (var value in ((ulong[])[property.Min - 1, property.Max + 1]).Where(value => value <= uint.MaxValue))
            {
                var refused = Assert.Throws<QmpRefusedException>(() => qemu.Plug(Device(name, property, value)));
                Assert.Contains($"{property.Name}={value} is out of range, {property.Min} to {property.Max}", refused.Message, StringComparison.Ordinal);
                Assert.False(qemu.Has("dut"));
            }
        }

        qemu.AssertAlive();
    }

    /// <summary>As function 1 without a function 0, QEMU gives it back without asking the guest.</summary>
    private static JsonObject Device(string name, PciModelProperty property, ulong value) => new()
    {
        ["driver"] = name,
        ["id"] = "dut",
        ["bus"] = "rp",
        ["addr"] = "0.1",
        [property.Name] = value,
    };
}

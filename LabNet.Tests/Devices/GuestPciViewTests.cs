using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class GuestPciViewTests
{
    private static readonly PciFacts Facts = new(
        new PciAddress(0x01, 0, 0), new PciIdentity(0x1af4, 0x1041), new PciName(Vendor: null, Device: null), "Ethernet controller", 0x0200, IrqPin: 1, IrqLine: 10, Bars: [], Bridge: null);

    [Theory]
    [InlineData("0000:01:00.0", new byte[] { 0xf4, 0x1a, 0x41, 0x10 }, true)]
    [InlineData("0000:01:00.0", new byte[] { 0x36, 0x1b, 0x10, 0x00 }, false)]
    [InlineData("0000:01:00.0", new byte[] { }, true)]
    [InlineData("0000:02:00.0", new byte[] { 0xf4, 0x1a, 0x41, 0x10 }, false)]
    [InlineData("nonsense", new byte[] { 0xf4, 0x1a, 0x41, 0x10 }, false)]
    public void What_stood_at_the_same_place_before_is_not_taken_for_the_device(string address, byte[] config, bool isSeen)
    {
        var seen = new GuestPciFunction(address, "a-driver", ["eth2"], [], config);
        Assert.Equal(isSeen ? seen : null, new GuestPciView([seen]).Find(Facts));
    }

    [Fact]
    public void A_device_that_is_on_no_PCI_bus_is_seen_on_none() => Assert.Null(new GuestPciView([]).Find(function: null));
}

namespace LabNet.Tests.Pci;

/// <summary>labnet-config is what it was plugged in as.</summary>
[Trait("suite", "pci")]
public sealed class ConfigDeviceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_device_is_configured_by_its_properties(string architecture)
    {
        await using var device = await PciDevice.StartAsync(architecture, "labnet-config", Cancellation, ",reg=0xcafe1234,revision=7");
        Assert.Equal(0xcafe1234, device.Read("VALUE"));
        Assert.Equal(7u, device.Read("REVISION"));
        Assert.Equal(7u, device.Function.ReadConfig(8, bytes: 1));

        device.Write("VALUE", 1);
        device.ResetMachine();
        Assert.Equal(0xcafe1234, device.Read("VALUE"));
    }
}

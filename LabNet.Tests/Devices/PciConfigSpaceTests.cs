using LabNet.Core.Devices;

namespace LabNet.Tests.Devices;

[Trait("suite", "unit")]
public sealed class PciConfigSpaceTests
{
    /// <summary>A virtio block device's, as an x86_64 guest read it: header, vendor-specific capabilities, MSI-X.</summary>
    private static byte[] Config()
    {
        var config = new byte[256];
        Put(config, 0x00, 0x1af4, 0x1001, 0x0507, 0x0010);
        config[0x34] = 0x98;
        Put(config, 0x98, 0x8011 - 0x8000 + (0x84 << 8), 0x8002, 0x0001, 0x0000, 0x0801, 0x0000);
        config[0x84] = 0x09;
        config[0x85] = 0x40;
        config[0x86] = 0x10;
        config[0x87] = 0x01;
        config[0x88] = 0x04;
        Put(config, 0x84 + 12, 0x1000);
        Put(config, 0x40, 0x0010, 0x0042, 0, 0, 0, 0, 0, 0, 0, 0x0011);
        return config;
    }

    [Fact]
    public void The_list_of_capabilities_is_followed_in_its_own_order()
    {
        var config = PciConfigSpace.Parse(Config())!;
        Assert.True(config is { ReactsToIo: true, ReactsToMemory: true, IsBusMaster: true });
        Assert.Equal(
            [
                "MSI-X: enabled, 3 vectors, table in BAR 1 at 0x0",
                "Vendor-specific: virtio common configuration in BAR 4 at 0x0, 4096 bytes",
                "PCI Express: root port, link 2.5 GT/s ×1",
            ],
            config.Capabilities.Select(one => $"{one.Name}: {one.Detail}"));
    }

    [Fact]
    public void A_list_that_runs_in_a_circle_or_out_of_the_space_ends()
    {
        var config = Config();
        config[0x41] = 0x98;
        Assert.Equal(3, PciConfigSpace.Parse(config)!.Capabilities.Length);
        config[0x41] = 0xfc;
        config[0xfc] = 0x11;
        Assert.Equal("cut off", PciConfigSpace.Parse(config)!.Capabilities[^1].Detail);
    }

    [Fact]
    public void A_function_that_is_not_there_has_none()
    {
        Assert.Null(PciConfigSpace.Parse(Enumerable.Repeat((byte)0xff, 256).ToArray()));
        Assert.Null(PciConfigSpace.Parse([]));
        Assert.Empty(PciConfigSpace.Parse(new byte[64])!.Capabilities);
    }

    [Fact]
    public void Any_bytes_can_be_read()
    {
        const int Seed = 20;
        var random = new Random(Seed);
        var config = new byte[256];
        for (var turn = 0; turn < 2000; turn++)
        {
            random.NextBytes(config);
            _ = PciConfigSpace.Parse(config.AsSpan(0, random.Next(config.Length)));
        }
    }

    private static void Put(byte[] config, int at, params ReadOnlySpan<int> words)
    {
        foreach (var word in words)
        {
            config[at++] = (byte)word;
            config[at++] = (byte)(word >> 8);
        }
    }
}

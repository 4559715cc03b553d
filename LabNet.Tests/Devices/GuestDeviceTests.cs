using System.Text;
using LabNet.Core.Devices;

namespace LabNet.Tests.Devices;

/// <summary>What a guest says of a device that was plugged in.</summary>
[Trait("suite", "unit")]
public sealed class GuestDeviceTests
{
    [Theory]
    [InlineData("vdb\n", "vdb")]
    [InlineData("nvme0n1\n", "nvme0n1")]
    [InlineData("enp1s0.4094\n", "enp1s0.4094")]
    [InlineData("", null)]
    [InlineData("vdb\nvdc\n", null)]
    [InlineData("<b>vdb</b>\n", null)]
    [InlineData("vdb; reboot\n", null)]
    [InlineData("../../etc/passwd\n", null)]
    [InlineData("12345678901234567890123456789012\n", null)]
    public void Only_what_can_be_a_name_is_taken_for_one(string output, string? name) =>
        Assert.Equal(name, GuestDevice.NameIn(Encoding.UTF8.GetBytes(output)));

    [Fact]
    public void No_guest_says_more_of_its_uses_than_a_person_reads()
    {
        Assert.Equal(["/dev/vdb /data", "sleep (process 7)"], GuestDevice.LinesOf("/dev/vdb /data\n\nsleep (process 7)\n"u8));
        var told = GuestDevice.LinesOf(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 10_000) + "\n", 1000))));
        Assert.Equal(("and 992 more", 9), (told[^1], told.Count));
        Assert.InRange(told.Sum(line => line.Length), 1, 2000);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_no_name_and_no_fault()
    {
        var noise = new byte[4096];
        Seed.Print().NextBytes(noise);
        Assert.Null(GuestDevice.NameIn(noise));
        Assert.InRange(GuestDevice.LinesOf(noise).Count, 0, 9);
    }
}

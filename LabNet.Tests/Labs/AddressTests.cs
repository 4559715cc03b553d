using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

[Trait("suite", "unit")]
public sealed class AddressTests
{
    [Theory]
    [InlineData("52:54:00:12:34:58", "52:54:00:12:34:58")]
    [InlineData("02:aB:Cd:EF:00:ff", "02:ab:cd:ef:00:ff")]
    public void A_MAC_is_written_in_small_letters(string text, string written)
    {
        Assert.True(MacAddress.TryParse(text, out var mac));
        Assert.Equal(written, mac.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("52:54:00:12:34")]
    [InlineData("52:54:00:12:34:58:60")]
    [InlineData("52-54-00-12-34-58")]
    [InlineData("525400123458")]
    [InlineData("52:54:00:12:34:5g")]
    [InlineData("52:54:00:12:34:58\n")]
    [InlineData("00:00:00:00:00:00")]
    [InlineData("01:00:5e:00:00:01")]
    [InlineData("ff:ff:ff:ff:ff:ff")]
    public void A_group_or_a_malformed_MAC_is_refused(string? text) => Assert.False(MacAddress.TryParse(text, out _));

    [Fact]
    public void A_derived_MAC_depends_on_the_lab_the_VM_the_NIC_and_the_attempt()
    {
        var (lab, vm) = (LabName.Parse("demo"), VmName.Parse("x86"));
        MacAddress[] macs =
        [
            MacAddress.Derive(lab, vm, new NicId(0), 0),
            MacAddress.Derive(lab, vm, new NicId(0), 1),
            MacAddress.Derive(lab, vm, new NicId(1), 0),
            MacAddress.Derive(lab, VmName.Parse("arm"), new NicId(0), 0),
            MacAddress.Derive(LabName.Parse("other"), vm, new NicId(0), 0),
        ];
        Assert.Equal(macs.Length, macs.Distinct().Count());
        Assert.All(macs, mac => Assert.StartsWith("52:54:00:", mac.ToString(), StringComparison.Ordinal));
        Assert.Equal(macs[0], MacAddress.Derive(lab, vm, new NicId(0), 0));
    }

    [Theory]
    [InlineData("10.99.0.1", true)]
    [InlineData("223.255.255.255", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    public void An_interface_can_have_only_a_unicast_address(string text, bool unicast)
    {
        Assert.True(Ipv4Address.TryParse(text, out var address));
        Assert.Equal(text, address.ToString());
        Assert.Equal(unicast, address.IsUnicast);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("10.1")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.01")]
    [InlineData("10.0.0.")]
    [InlineData("10.0.0.0.1")]
    [InlineData("0x0a.0.0.1")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.+1")]
    [InlineData("::1")]
    public void What_is_not_four_decimal_numbers_is_no_address(string? text) => Assert.False(Ipv4Address.TryParse(text, out _));

    [Theory]
    [InlineData("10.10.10.2/24", "10.10.10.0", false)]
    [InlineData("10.10.10.0/24", "10.10.10.0", true)]
    [InlineData("10.10.10.255/24", "10.10.10.0", true)]
    [InlineData("10.10.10.255/23", "10.10.10.0", false)]
    [InlineData("10.10.10.4/31", "10.10.10.4", false)]
    public void An_interface_knows_its_network(string text, string network, bool isNetworkOrBroadcast)
    {
        Assert.True(Ipv4Interface.TryParse(text, out var value));
        Assert.Equal(text, value.ToString());
        Assert.Equal(network, value.Network.ToString());
        Assert.Equal(isNetworkOrBroadcast, value.IsNetworkOrBroadcast);
    }

    [Theory]
    [InlineData("10.10.10.2")]
    [InlineData("10.10.10.2/")]
    [InlineData("10.10.10.2/33")]
    [InlineData("10.10.10.2/024")]
    [InlineData("10.10.10.2/08")]
    [InlineData("10.10.10.2/-1")]
    [InlineData("/24")]
    public void An_interface_needs_a_prefix_of_0_to_32(string text) => Assert.False(Ipv4Interface.TryParse(text, out _));

    [Theory]
    [InlineData("10.0.2.7/24", true)]
    [InlineData("10.0.3.7/16", true)]
    [InlineData("10.0.3.7/24", false)]
    public void Networks_overlap_when_one_holds_the_other(string text, bool overlaps)
    {
        Assert.True(Ipv4Interface.TryParse("10.0.2.15/24", out var user));
        Assert.True(Ipv4Interface.TryParse(text, out var other));
        Assert.Equal(overlaps, user.Overlaps(other));
        Assert.Equal(overlaps, other.Overlaps(user));
    }
}

using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>What is wrong with a lab file is told with its place and with what is allowed.</summary>
[Trait("suite", "unit")]
public sealed class LabFileMistakeTests
{
    [Fact]
    public void Every_mistake_is_told_at_once_in_the_order_of_the_file()
    {
        var reading = SampleLab.Parse("""
            name: Demo
            hosts:
              ares: { kind: namespaec, address: 10.99.0.1 }
            links:
              lab: { vni: 0, prot: 4789 }
            vms:
              x86: { host: aers, arch: x86, memory: 512, cpus: 0, image: debain, share: A, nics: user }
              arm: { host: ares, arch: aarch64, nics: [ { link: lba, mac: 1, address: 10.0.0.1, model: e1000 } ] }
            """);

        Assert.Null(reading.Lab);
        string[] expected =
        [
            "1:7: name \"Demo\" is no name",
            "3:17: kind can't be \"namespaec\". Did you mean \"namespace\"? Allowed: namespace, machine.",
            "5:15: vni \"0\" is outside 1 to 16777215.",
            "5:18: Link \"lab\" has no key \"prot\". Did you mean \"port\"? Its keys are vni, port, transport.",
            "7:16: There is no host \"aers\". Did you mean \"ares\"? Known: ares.",
            "7:28: arch can't be \"x86\". Allowed: x86_64, aarch64.",
            "7:41: memory has no unit; it is a number of mebibytes or gibibytes, such as 512M or 2G.",
            "7:52: cpus \"0\" is outside 1 to 64.",
            "7:62: There is no image \"debain\". Did you mean \"debian\"? Known: debian.",
            "7:77: share \"A\" is neither a name",
            "7:86: nics is a list",
            "8:8: VM \"arm\" lacks the key \"image\".",
            "8:53: There is no link \"lba\". Did you mean \"lab\"? Known: lab, user.",
            "8:63: mac is a text, not the value \"1\".",
            "8:75: Address \"10.0.0.1\" is no IPv4 address with a prefix.",
            "8:92: model can't be \"e1000\". Did you mean \"e1000e\"? Allowed: virtio-net, e1000e.",
        ];
        var told = reading.Mistakes.Select(mistake => mistake.ToString()).ToList();
        Assert.Equal(expected.Length, told.Count);
        Assert.All(expected.Zip(told), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_VMs_with_one_MAC_are_refused_with_both_lines()
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(vms: """
            vms:
              x86: { host: ares, arch: x86_64, image: debian, nics: [ user, { link: lab, mac: "52:54:00:00:00:0a" } ] }
              arm: { host: ares, arch: aarch64, image: debian, nics: [ { link: user, mac: "52:54:00:00:00:0A" } ] }
            """));
        Assert.Equal(6, mistake.Line);
        Assert.Equal("MAC 52:54:00:00:00:0a is that of eth1 of VM \"x86\" already (line 5).", mistake.Message);
    }

    [Fact]
    public void Two_NICs_with_one_address_on_a_link_are_refused_with_both_lines()
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(vms: """
            vms:
              x86: { host: ares, arch: x86_64, image: debian, nics: [ { link: lab, address: 10.1.0.1/24 } ] }
              arm: { host: ares, arch: aarch64, image: debian, nics: [ { link: lab, address: 10.1.0.1/16 } ] }
            """));
        Assert.Equal(6, mistake.Line);
        Assert.Equal("Address 10.1.0.1 on link \"lab\" is that of eth0 of VM \"x86\" already (line 5).", mistake.Message);
    }

    [Fact]
    public void The_same_address_on_two_links_is_allowed() =>
        SampleLab.Read(SampleLab.Text(
            links: "links: { one: { vni: 1 }, two: { vni: 2 } }",
            vms: """
                vms:
                  x86: { host: ares, arch: x86_64, image: debian, nics: [ { link: one, address: 10.1.0.1/24 } ] }
                  arm: { host: ares, arch: aarch64, image: debian, nics: [ { link: two, address: 10.1.0.1/24 } ] }
                """));

    [Fact]
    public void Two_links_with_one_VNI_and_port_are_refused()
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(links: """
            links:
              one: { vni: 7 }
              two: { vni: 7, port: 4789 }
              three: { vni: 7, port: 4790 }
            """));
        Assert.Equal((5, "VNI 7 on port 4789 is that of link \"one\" already (line 4)."), (mistake.Line, mistake.Message));
    }

    [Fact]
    public void Namespaces_and_machines_in_one_lab_are_refused_with_the_reason()
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(
            hosts: "hosts:\n  ares: { kind: namespace, address: 10.99.0.1 }\n  pi: { kind: machine, address: 192.168.2.117 }"));
        Assert.Equal(4, mistake.Line);
        Assert.Contains("never leaves its machine", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: namespace, address: 10.99.0.0", "names its whole network")]
    [InlineData("kind: namespace, address: 10.99.0.255/24", "names its whole network")]
    [InlineData("kind: namespace, address: 127.0.0.1", "can't belong to an interface")]
    [InlineData("kind: namespace, address: 10.99.0.1/32", "has no sensible prefix")]
    [InlineData("kind: namespace, address: 10.99.0.300", "is no IPv4 address")]
    [InlineData("kind: namespace, address: fe80::1", "is no IPv4 address")]
    [InlineData("kind: machine, address: 192.168.2.117/24", "without a prefix")]
    [InlineData("kind: machine, address: 0.0.0.0", "is no address of a machine")]
    [InlineData("kind: machine", "lacks the key \"address\"")]
    public void A_host_needs_an_address_of_some_sense(string fields, string message)
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(hosts: $"hosts: {{ ares: {{ {fields} }} }}"));
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.99.0.1", "is that of host \"ares\" already")]
    [InlineData("10.98.0.2", "the hosts of a lab share one underlay")]
    [InlineData("10.99.0.2/16", "the hosts of a lab share one underlay")]
    public void Namespaces_share_one_underlay_with_an_address_each(string address, string message)
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(hosts: $$"""
            hosts:
              ares: { kind: namespace, address: 10.99.0.1 }
              zeus: { kind: namespace, address: {{address}} }
            """));
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("links: { lab: { vni: 16777216 } }", "outside 1 to 16777215")]
    [InlineData("links: { lab: { vni: 99999999999999999999 } }", "outside 1 to 16777215")]
    [InlineData("links: { lab: { vni: \"100\" } }", "is a whole number from 1 to 16777215, not the text \"100\"")]
    [InlineData("links: { lab: { vni: 1.5 } }", "is a whole number")]
    [InlineData("links: { lab: { vni: 1, port: 65536 } }", "outside 1 to 65535")]
    [InlineData("links: { lab: { vni: 1, port: } }", "not nothing")]
    [InlineData("links: { lab: {} }", "lacks the key \"vni\"")]
    [InlineData("links: { lab: 100 }", "Link \"lab\" is a mapping with the keys vni, port")]
    [InlineData("links: { lab: { vni: 1 }, LAB: { vni: 2 } }", "\"LAB\" is no name in links")]
    [InlineData("links: { lab: { vni: 1 }, user: { vni: 2 } }", "No link can be named \"user\"")]
    [InlineData("links: [ lab ]", "links is a mapping of names")]
    public void A_link_needs_a_VNI_and_a_port_in_their_ranges(string links, string message) =>
        Assert.Contains(message, SampleLab.Mistake(SampleLab.Text(links: links)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("memory: 63M", "outside 64M to 256G")]
    [InlineData("memory: 257G", "outside 64M to 256G")]
    [InlineData("memory: 512MB", "such as 512M or 2G")]
    [InlineData("memory: 0.5G", "such as 512M or 2G")]
    [InlineData("memory: 512K", "such as 512M or 2G")]
    [InlineData("memory: [512M]", "memory is a text, not a list")]
    [InlineData("cpus: 65", "outside 1 to 64")]
    [InlineData("cpus: two", "is a whole number from 1 to 64, not the text \"two\"")]
    [InlineData("share: ~/data", "nor a path with a slash")]
    [InlineData("share: \"/a\\u0007\"", "nor a path with a slash")]
    [InlineData("cdrom: ~/debian.iso", "cdrom \"~/debian.iso\" is no path, such as ./debian.iso or /srv/debian.iso.")]
    [InlineData("cdrom: \"\"", "cdrom \"\" is no path")]
    [InlineData("cdrom: \"a\\u007f.iso\"", "is no path")]
    [InlineData("cdrom: [ a.iso ]", "cdrom is a text, not a list")]
    [InlineData("cdrm: a.iso", "Did you mean \"cdrom\"?")]
    [InlineData("nics: [ { link: user, tftp: ~/boot } ]", "tftp \"~/boot\" is no path, such as ./boot or /srv/tftp.")]
    [InlineData("nics: [ { link: user, tftp: } ]", "tftp is a text, not nothing")]
    [InlineData("nics: [ { link: lab, tftp: ./boot } ]", "eth0 of VM \"x86\" is on link \"lab\"; tftp belongs to a NIC with link: user")]
    [InlineData("nics: [ { link: lab, tftp: ~ } ]", "tftp belongs to a NIC with link: user")]
    [InlineData("accelerator: KVM", "Allowed: auto, kvm, tcg")]
    [InlineData("nics: [ user, user ]", "both would be 10.0.2.15")]
    [InlineData("nics: [ { link: user, address: 10.0.2.16/24 } ]", "leave the address out")]
    [InlineData("nics: [ user, { link: lab, address: 10.0.2.16/24 } ]", "overlaps 10.0.2.0/24")]
    [InlineData("nics: [ lab, lab, lab, lab, lab, lab, lab, lab, lab ]", "at most 8 fit")]
    [InlineData("nics: [ { link: lab, mac: \"01:00:5e:00:00:01\" } ]", "odd ones are groups")]
    [InlineData("nics: [ { link: lab, adress: 10.1.0.1/24 } ]", "Did you mean \"address\"?")]
    [InlineData("nics: [ { mac: \"52:54:00:00:00:01\" } ]", "eth0 of VM \"x86\" lacks the key \"link\"")]
    [InlineData("nics: [ [ user ] ]", "eth0 of VM \"x86\" is a mapping")]
    [InlineData("nics: [ 1 ]", "link is a text")]
    [InlineData("accel: kvm", "has no key \"accel\"")]
    public void A_VM_needs_values_of_the_right_shape(string fields, string message) =>
        Assert.Contains(message, SampleLab.Mistake(SampleLab.Vm(fields)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_wrong_CD_or_TFTP_folder_is_told_where_it_stands()
    {
        var mistakes = SampleLab.Parse(SampleLab.Text(vms: """
            vms:
              x86:
                host: ares
                arch: x86_64
                image: debian
                cdrom: ~
                nics:
                  - { link: user, tftp: 7 }
                  - { link: lab, tftp: ./boot }
            """)).Mistakes;
        string[] places = ["9:12: cdrom is a text", "11:29: tftp is a text", "12:28: eth1 of VM \"x86\" is on link"];
        Assert.Equal(places.Length, mistakes.Length);
        Assert.All(places.Zip(mistakes), pair => Assert.StartsWith(pair.First, pair.Second.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_lab_needs_a_name_hosts_and_VMs()
    {
        var messages = SampleLab.Parse("links: {}\n").Mistakes.Select(mistake => mistake.Message);
        string[] missing = ["name", "hosts", "vms"];
        Assert.Equal(missing.Select(key => $"The lab file lacks the key \"{key}\"."), messages);
    }

    [Fact]
    public void A_lab_without_any_VM_is_refused() =>
        Assert.Contains("vms is empty", SampleLab.Mistake(SampleLab.Text(vms: "vms: {}")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_image_that_nobody_built_is_refused_before_anything_starts()
    {
        var reading = LabFile.Parse(SampleLab.Text(), "/srv/labs", new HashSet<ImageName>());
        Assert.Equal("There is no image \"debian\". Known: none.", Assert.Single(reading.Mistakes).Message);
    }

    [Fact]
    public void A_wrong_host_section_is_not_told_again_for_every_VM() =>
        Assert.Contains("hosts is a mapping", SampleLab.Mistake(SampleLab.Text(hosts: "hosts: ares")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_mistake_behind_an_anchor_is_told_once() =>
        Assert.Equal(5, SampleLab.Mistake(SampleLab.Text(
            vms: "vms:\n  one: &vm { host: ares, arch: aarch64, image: debian, cpus: 99 }\n  two: *vm\n")).Line);
}

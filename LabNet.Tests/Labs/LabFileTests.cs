using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>What a good lab file says is what the lab is.</summary>
[Trait("suite", "unit")]
public sealed class LabFileTests
{
    [Fact]
    public void The_default_lab_is_two_VMs_of_two_architectures_on_two_hosts()
    {
        var reading = LabFile.Read(Repository.At("infra/labs/cross-arch.yaml"), SampleLab.Images);

        Assert.Empty(reading.Mistakes);
        Assert.True(reading.TryGetLab(out var lab));
        Assert.Equal(LabName.Parse("cross-arch"), lab.Name);
        var hosts = lab.Hosts.Select(host => $"{host.Name} {host.Address}/{host.PrefixLength} {host.Kind}");
        Assert.Equal(["ares 10.99.0.1/24 Namespace", "zeus 10.99.0.2/24 Namespace"], hosts);
        Assert.Equal(new Link(LinkName.Parse("lab"), 100, 4789), Assert.Single(lab.Links));
        var (x86, arm) = ((StartedVm)lab.Vms[0], lab.Vms[1]);
        Assert.Equal((Architecture.X86_64, HostName.Parse("ares")), (x86.Architecture, x86.Host));
        Assert.Equal((Architecture.Aarch64, HostName.Parse("zeus")), (arm.Architecture, arm.Host));
        Assert.Equal((512 * LabLimits.MiB, 2, AcceleratorChoice.Auto), (x86.MemoryBytes, x86.Cpus, x86.Accelerator));
        Assert.Equal(new Share.Named(ShareName.Parse("workspace")), x86.Share);
        Assert.Equal(new NicId(0), Assert.IsType<UserNic>(x86.Nics[0]).Id);
        var link = Assert.IsType<LinkNic>(x86.Nics[1]);
        Assert.Equal("eth1 52:54:00:12:34:58 lab 10.10.10.2/24 VirtioNet", $"{link.Id} {link.Mac} {link.Link} {link.Address} {link.Model}");
    }

    [Fact]
    public void What_a_VM_leaves_out_has_a_default()
    {
        var vm = (StartedVm)SampleLab.Read(SampleLab.Text()).Vms[0];
        Assert.Equal((512 * LabLimits.MiB, 1, AcceleratorChoice.Auto), (vm.MemoryBytes, vm.Cpus, vm.Accelerator));
        Assert.Null(vm.Share);
        Assert.Empty(vm.Nics);
    }

    [Theory]
    [InlineData("64M", 64)]
    [InlineData("2G", 2048)]
    [InlineData("\"1500M\"", 1500)]
    public void Memory_is_in_binary_units(string memory, int mebibytes) =>
        Assert.Equal(mebibytes * LabLimits.MiB, SampleLab.ReadVm($"memory: {memory}").MemoryBytes);

    [Theory]
    [InlineData("data", null)]
    [InlineData("./data", "/srv/labs/data")]
    [InlineData("../a, b", "/srv/a, b")]
    [InlineData("/opt/data", "/opt/data")]
    public void A_share_is_a_name_or_a_path_from_the_lab_file(string share, string? folder)
    {
        Share expected = folder is null ? new Share.Named(ShareName.Parse(share)) : new Share.Folder(folder);
        Assert.Equal(expected, SampleLab.ReadVm($"share: \"{share}\"").Share);
    }

    [Theory]
    [InlineData("debian.iso", "/srv/labs/debian.iso")]
    [InlineData("../a, b.iso", "/srv/a, b.iso")]
    [InlineData("/opt/debian.iso", "/opt/debian.iso")]
    public void A_CD_is_a_path_from_the_lab_file(string cdrom, string image) =>
        Assert.Equal(image, SampleLab.ReadVm($"cdrom: \"{cdrom}\"").Cdrom);

    [Theory]
    [InlineData("boot", "/srv/labs/boot")]
    [InlineData("/srv/tftp", "/srv/tftp")]
    public void The_user_mode_NIC_serves_a_folder_by_TFTP(string tftp, string folder) =>
        Assert.Equal(folder, Assert.IsType<UserNic>(SampleLab.ReadVm($"nics: [ {{ link: user, tftp: {tftp} }} ]").Nics[0]).TftpFolder);

    [Fact]
    public void Without_a_word_there_is_neither_CD_nor_TFTP()
    {
        var vm = SampleLab.ReadVm("nics: [ user, { link: lab } ]");
        Assert.Null(vm.Cdrom);
        Assert.Null(Assert.IsType<UserNic>(vm.Nics[0]).TftpFolder);
    }

    [Fact]
    public void A_NIC_can_be_a_word_or_a_mapping()
    {
        var vm = SampleLab.ReadVm("nics: [ lab, { link: user, model: e1000e }, { link: lab, model: e1000e, address: 10.1.0.1/16 } ]");
        var nics = vm.Nics;

        Assert.Equal((NicModel.VirtioNet, LinkName.Parse("lab")), (nics[0].Model, Assert.IsType<LinkNic>(nics[0]).Link));
        Assert.Null(Assert.IsType<LinkNic>(nics[0]).Address);
        Assert.Equal(NicModel.E1000e, Assert.IsType<UserNic>(nics[1]).Model);
        Assert.Equal("10.1.0.1/16", Assert.IsType<LinkNic>(nics[2]).Address.ToString());
        Assert.Equal(["eth0", "eth1", "eth2"], nics.Select(nic => nic.Id.ToString()));
    }

    [Fact]
    public void A_NIC_without_a_MAC_always_gets_the_same_one_of_its_own()
    {
        var text = SampleLab.Text(vms: "vms:\n" + string.Concat(Enumerable.Range(0, 200).Select(number =>
            $"  vm{number}: {{ host: ares, arch: aarch64, image: debian, nics: [ user, lab, lab ] }}\n")));

        var macs = SampleLab.Read(text).Vms.SelectMany(vm => vm.Nics).Select(nic => nic.Mac).ToList();

        Assert.Equal(600, macs.Distinct().Count());
        Assert.Equal(macs, SampleLab.Read(text).Vms.SelectMany(vm => vm.Nics).Select(nic => nic.Mac));
    }

    [Fact]
    public void A_derived_MAC_gives_way_to_one_that_the_file_gives_another_NIC()
    {
        var taken = MacAddress.Derive(LabName.Parse("demo"), VmName.Parse("x86"), new NicId(0), 0);

        var nics = SampleLab.ReadVm($"nics: [ user, {{ link: lab, mac: \"{taken}\" }} ]").Nics;

        Assert.Equal(taken, nics[1].Mac);
        Assert.Equal(MacAddress.Derive(LabName.Parse("demo"), VmName.Parse("x86"), new NicId(0), 1), nics[0].Mac);
    }

    [Fact]
    public void Machines_have_addresses_without_a_prefix()
    {
        var lab = SampleLab.Read(SampleLab.Text(hosts: "hosts: { ares: { kind: machine, address: 192.168.2.117 } }"));
        Assert.Equal((HostKind.Machine, null), (lab.Hosts[0].Kind, lab.Hosts[0].PrefixLength));
    }

    [Fact]
    public void A_namespace_can_say_its_prefix()
    {
        var lab = SampleLab.Read(SampleLab.Text(hosts: "hosts: { ares: { kind: namespace, address: 10.99.0.1/30 } }"));
        Assert.Equal(30, lab.Hosts[0].PrefixLength);
    }

    [Fact]
    public void A_byte_order_mark_and_CRLF_are_read_over()
    {
        byte[] bytes = [0xef, 0xbb, 0xbf, .. System.Text.Encoding.UTF8.GetBytes(SampleLab.Text().ReplaceLineEndings("\r\n"))];
        Assert.NotNull(LabFile.Parse(bytes, "/srv/labs", SampleLab.Images).Lab);
    }

    [Fact]
    public void An_alias_stands_for_what_its_anchor_marks()
    {
        var lab = SampleLab.Read(SampleLab.Text(vms: """
            vms:
              one: &vm { host: ares, arch: aarch64, image: debian, nics: [ lab ] }
              two: *vm
            """));
        Assert.Equal(["one", "two"], lab.Vms.Select(vm => vm.Name.ToString()));
        Assert.NotEqual(lab.Vms[0].Nics[0].Mac, lab.Vms[1].Nics[0].Mac);
    }
}

using System.Collections.Immutable;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using LabNet.Core.Labs;
using HostName = LabNet.Core.Labs.HostName;

namespace LabNet.Tests.Labs;

[Trait("suite", "unit")]
public sealed partial class InterfaceNamesTests
{
    private static readonly LinkName LabLink = LinkName.Parse("lab");
    private static readonly NicId[] NicIds = [new(0), new(1), new(2)];
    private static readonly HostName Ares = HostName.Parse("ares");

    [Fact]
    public void Short_names_stay_readable()
    {
        var lab = SampleLab.Read(File.ReadAllText(Repository.At("infra/labs/cross-arch.yaml")));
        var names = InterfaceNames.Of(lab);
        Assert.Equal("t-3ea8-x86eth1", names.Tap(VmName.Parse("x86"), new NicId(1)));
        Assert.Equal("b-3ea8-ares", names.Bridge(Ares, LabLink));
        Assert.Equal("x-3ea8-ares", names.Vxlan(Ares, LabLink));
    }

    [Fact]
    public void With_several_links_a_bridge_says_which_is_its_own()
    {
        var names = InterfaceNames.Of(SampleLab.Read(SampleLab.Text(links: "links: { lab: { vni: 1 }, management: { vni: 2 } }")));
        Assert.EndsWith("-ares-lab", names.Bridge(Ares, LabLink), StringComparison.Ordinal);
        Assert.Matches("^b-[0-9a-f]{4}-are[0-9a-f]{5}$", names.Bridge(Ares, LinkName.Parse("management")));
    }

    [Fact]
    public void What_two_pairs_would_spell_alike_neither_gets()
    {
        var names = InterfaceNames.Of(SampleLab.Read(SampleLab.Text(
            hosts: "hosts: { a: { kind: namespace, address: 10.99.0.1 }, a-b: { kind: namespace, address: 10.99.0.2 } }",
            links: "links: { c: { vni: 1 }, b-c: { vni: 2 } }",
            vms: "vms: { x86: { host: a, arch: x86_64, image: debian } }")));
        var one = names.Bridge(HostName.Parse("a"), LinkName.Parse("b-c"));
        var other = names.Bridge(HostName.Parse("a-b"), LinkName.Parse("c"));
        Assert.NotEqual(one, other);
        Assert.All([one, other], name => Assert.DoesNotContain("-a-b-c", name, StringComparison.Ordinal));
    }

    [Fact]
    public void A_NIC_on_the_user_network_has_no_tap()
    {
        var names = InterfaceNames.Of(SampleLab.Read(SampleLab.Vm("nics: [ user ]")));
        Assert.Throws<KeyNotFoundException>(() => names.Tap(VmName.Parse("x86"), new NicId(0)));
    }

    /// <summary>Names of one long stem and a few letters, so that what does not fit is alike; on failure FsCheck prints the seed.</summary>
    [Fact]
    public void All_names_of_any_lab_are_unique_short_and_plain()
    {
        var name = Gen.Elements("a", "b", "-", "vm", "eth1", "server-").NonEmptyListOf()
            .Select(parts => "a" + string.Concat(parts)).Select(text => text[..Math.Min(31, text.Length)]);
        var names = name.ArrayOf().Select(some => some.Append("z").Distinct().ToArray());
        var lab = names.Three().Select(three => LabOf(three.Item1, three.Item2, three.Item3));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(LongForm.Rounds(300)), Prop.ForAll(lab.ToArbitrary(), HasGoodNames));
    }

    [Fact]
    public void A_thousand_long_names_with_one_beginning_are_told_apart()
    {
        var vms = Enumerable.Range(0, 1000).Select(number => $"a-rather-long-name-{number}");
        Assert.True(HasGoodNames(LabOf(["ares"], ["lab"], [.. vms])));
    }

    private static Lab LabOf(string[] hosts, string[] links, string[] vms) => new(
        LabName.Parse("demo"),
        [.. hosts.Select(host => new LabHost(HostName.Parse(host), HostKind.Namespace, default, 24))],
        [.. links.Select((link, index) => new Link(LinkName.Parse(link), index + 1, LabLimits.VxlanPort))],
        [.. vms.Select(vm => new StartedVm(
            VmName.Parse(vm),
            HostName.Parse(hosts[0]),
            Architecture.X86_64,
            LabLimits.MemoryBytesDefault,
            Cpus: 1,
            ImageName.Parse("debian"),
            Share: null,
            [.. NicIds.Select(id => new LinkNic(id, default, NicModel.VirtioNet, LinkName.Parse(links[0]), Address: null))],
            AcceleratorChoice.Auto))]);

    private static bool HasGoodNames(Lab lab)
    {
        var names = InterfaceNames.Of(lab);
        var all = lab.Hosts.SelectMany(host => lab.Links.SelectMany(link =>
                ImmutableArray.Create(names.Bridge(host.Name, link.Name), names.Vxlan(host.Name, link.Name))))
            .Concat(lab.Vms.SelectMany(vm => vm.Nics.Select(nic => names.Tap(vm.Name, nic.Id))))
            .ToList();
        return all.Count == all.Distinct().Count()
            && all.TrueForAll(name => name.Length <= InterfaceNames.LengthMax && Plain().IsMatch(name));
    }

    [GeneratedRegex(@"\A[tbx]-[0-9a-f]{4}-[a-z0-9-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}

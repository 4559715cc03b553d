using System.Collections.Immutable;

namespace LabNet.Core.Labs;

/// <summary>Reads a lab out of a YAML tree.</summary>
/// <param name="mistakes">Where they are told, in any order.</param>
/// <param name="folder">Absolute; what relative paths start from.</param>
/// <param name="images">That VMs may name.</param>
internal sealed partial class LabFileReader(List<LabFileMistake> mistakes, string folder, IReadOnlySet<ImageName> images) : YamlValueReader(mistakes)
{
    /// <summary>What <c>nics</c> calls QEMU's user-mode network; no link can be named so.</summary>
    public const string UserLink = "user";

    private readonly List<HostName> _hosts = [];
    private readonly List<LinkName> _links = [];

    /// <returns>Null, or incomplete, when there are mistakes.</returns>
    public Lab? Read(YamlNode root)
    {
        if (Open(root, "The lab file", LabFileKeys.Lab, LabFileKeys.LabRequired) is not { } lab)
        {
            return null;
        }

        var name = Name<LabName>(lab.Find("name"), "name");
        var hosts = ReadHosts(lab.Find("hosts"));
        var links = ReadLinks(lab.Find("links"));
        var vms = ReadVms(lab.Find("vms"));
        return name is null ? null : new Lab(name.Value, hosts, links, WithMacs(name.Value, vms));
    }

    private ImmutableArray<LabHost> ReadHosts(YamlNode? node)
    {
        var hosts = ImmutableArray.CreateBuilder<LabHost>();
        HostKind? labKind = null;
        foreach (var (name, entry) in Named<HostName>(node, "hosts", mayBeEmpty: false))
        {
            _hosts.Add(name);
            var what = $"Host \"{name}\"";
            if (Open(entry.Value, what, LabFileKeys.Host, LabFileKeys.HostRequired) is not { } fields)
            {
                continue;
            }

            var kindNode = fields.Find("kind");
            if (OneOf<HostKind>(kindNode, "kind", Words.Word) is not { } kind)
            {
                continue;
            }

            labKind ??= kind;
            if (kind != labKind)
            {
                Tell(
                    kindNode!.At,
                    $"{what} is a {kind.Word()}, but the hosts before it are of kind {labKind.Value.Word()}. One lab can't have both yet: "
                    + "a namespace's underlay never leaves its machine, so the other machines could not reach it.");
            }

            if (ReadHost(name, kind, fields.Find("address")) is { } host)
            {
                hosts.Add(host);
            }
        }

        return hosts.DrainToImmutable();
    }

    private LabHost? ReadHost(HostName name, HostKind kind, YamlNode? addressNode)
    {
        if (Text(addressNode, "address") is not { } text)
        {
            return null;
        }

        if (kind == HostKind.Machine)
        {
            if (!Ipv4Address.TryParse(text, out var machine) || !machine.IsUnicast)
            {
                Tell(addressNode!.At, $"{Spelling.Quote(text)} is no address of a machine: an IPv4 address that the others reach it by, "
                    + "such as 192.168.2.117, without a prefix.");
                return null;
            }

            _hostAddresses.Claim(machine, $"host \"{name}\"", $"Address {machine}", addressNode!.At, Mistakes);
            return new LabHost(name, kind, machine, PrefixLength: null);
        }

        var full = text.Contains('/', StringComparison.Ordinal) ? text : $"{text}/{LabLimits.UnderlayPrefixLength}";
        if (Interface(full, addressNode!.At, "Such as 10.99.0.1, or 10.99.0.1/24 where the prefix is not 24.") is not { } underlay)
        {
            return null;
        }

        _hostAddresses.Claim(underlay.Address, $"host \"{name}\"", $"Address {underlay.Address}", addressNode.At, Mistakes);
        _underlay ??= underlay;
        if (underlay.PrefixLength != _underlay.Value.PrefixLength || underlay.Network != _underlay.Value.Network)
        {
            Tell(addressNode.At, $"{underlay} is not in the first host's network, {_underlay}; the hosts of a lab share one underlay.");
        }

        return new LabHost(name, kind, underlay.Address, underlay.PrefixLength);
    }

    private ImmutableArray<Link> ReadLinks(YamlNode? node)
    {
        var links = ImmutableArray.CreateBuilder<Link>();
        foreach (var (name, entry) in Named<LinkName>(node, "links", mayBeEmpty: true))
        {
            _links.Add(name);
            if (name.ToString() == UserLink)
            {
                Tell(entry.At, $"No link can be named \"{UserLink}\": in nics that is the user-mode network.");
            }

            if (Open(entry.Value, $"Link \"{name}\"", LabFileKeys.Link, LabFileKeys.LinkRequired) is not { } fields)
            {
                continue;
            }

            var vni = Integer(fields.Find("vni"), "vni", 1, LabLimits.VniMax);
            var port = fields.Find("port") is { } portNode ? Integer(portNode, "port", 1, ushort.MaxValue) : LabLimits.VxlanPort;
            var transport = fields.Find("transport") is { } transportNode ? OneOf<LinkTransport>(transportNode, "transport", Words.Word) : LinkTransport.Auto;
            if (vni is not null && port is not null && transport is not null)
            {
                _segments.Claim((vni.Value, port.Value), $"link \"{name}\"", $"VNI {vni} on port {port}", entry.At, Mistakes);
                links.Add(new Link(name, vni.Value, port.Value, transport.Value));
            }
        }

        return links.DrainToImmutable();
    }
}

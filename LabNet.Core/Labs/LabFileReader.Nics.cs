using System.Collections.Immutable;

namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
    /// <summary>What QEMU's user-mode network uses; an address of the same network on a link would take its traffic away.</summary>
    private static readonly Ipv4Interface UserNetwork = new(new Ipv4Address(0x0a_00_02_00), 24);

    private ImmutableArray<Nic> ReadNics(VmName vm, YamlNode? node)
    {
        if (node is null)
        {
            return [];
        }

        if (node is not YamlList { Items: var items })
        {
            Tell(node.At, $"nics is a list, such as [ {UserLink}, {{ link: NAME, address: 10.10.10.2/24 }} ].");
            return [];
        }

        if (items.Count > LabLimits.NicsMax)
        {
            Tell(items[LabLimits.NicsMax].At, $"VM \"{vm}\" has {items.Count} nics; at most {LabLimits.NicsMax} fit.");
        }

        var nics = new List<(Nic Nic, YamlNode Node)>();
        foreach (var (position, item) in items.Take(LabLimits.NicsMax).Index())
        {
            if (ReadNic(vm, new NicId(position), item) is { } nic)
            {
                nics.Add((nic, item));
            }
        }

        TellUserNetwork(vm, nics);
        return [.. nics.Select(pair => pair.Nic)];
    }

    /// <summary>A word is short for a mapping with that link alone.</summary>
    private Nic? ReadNic(VmName vm, NicId id, YamlNode node)
    {
        if (node is YamlScalar)
        {
            return ReadLink(node) is not { } word ? null
                : word.IsUser ? new UserNic(id, Mac: default, NicModel.VirtioNet)
                : new LinkNic(id, Mac: default, NicModel.VirtioNet, word.Link, Address: null);
        }

        var what = $"{id} of VM \"{vm}\"";
        if (Open(node, what, LabFileKeys.Nic, LabFileKeys.NicRequired) is not { } fields)
        {
            return null;
        }

        var model = fields.Find("model") is { } modelNode ? OneOf<NicModel>(modelNode, "model", Words.Word) : NicModel.VirtioNet;
        var mac = ReadMac(what, fields.Find("mac"));
        var link = ReadLink(fields.Find("link"));
        if (link is { IsUser: true } && fields.Find("address") is { } useless)
        {
            Tell(useless.At, $"{what} is on the user-mode network, which gives it 10.0.2.15; leave the address out.");
        }

        var tftp = fields.Find("tftp");
        if (link is { IsUser: false } && tftp is not null)
        {
            Tell(tftp.At, $"{what} is on link \"{link.Value.Link}\"; tftp belongs to a NIC with link: {UserLink}, where QEMU itself is the server.");
            tftp = null;
        }

        var tftpFolder = tftp is null ? null : ReadPath(tftp, "tftp", "./boot or /srv/tftp");
        var address = link is { IsUser: true } ? null : ReadAddress(what, link?.Link, fields.Find("address"));
        return link is null || model is null ? null
            : link.Value.IsUser ? new UserNic(id, mac, model.Value, tftpFolder)
            : new LinkNic(id, mac, model.Value, link.Value.Link, address);
    }

    private (bool IsUser, LinkName Link)? ReadLink(YamlNode? node)
    {
        if (node is YamlScalar { Text: UserLink })
        {
            return (IsUser: true, Link: default);
        }

        return Known(Name<LinkName>(node, "link"), node, "link", _links, UserLink) is { } link ? (IsUser: false, link) : null;
    }

    /// <returns>The default where the file gives none: <see cref="WithMacs"/> fills it in.</returns>
    private MacAddress ReadMac(string what, YamlNode? node)
    {
        if (Text(node, "mac") is not { } text)
        {
            return default;
        }

        if (!MacAddress.TryParse(text, out var mac))
        {
            Tell(node!.At, $"mac {Spelling.Quote(text)} is no address of a NIC: six pairs of hexadecimal digits such as 52:54:00:12:34:58, "
                + "the first pair even (odd ones are groups).");
            return default;
        }

        _macs.Claim(mac, what, $"MAC {mac}", node!.At, Mistakes);
        return mac;
    }

    private Ipv4Interface? ReadAddress(string what, LinkName? link, YamlNode? node)
    {
        if (Text(node, "address") is not { } text
            || Interface(text, node!.At, "Such as 10.10.10.2/24, with its network's prefix.") is not { } address)
        {
            return null;
        }

        if (link is not null)
        {
            _linkAddresses.Claim((link.Value, address.Address), what, $"Address {address.Address} on link \"{link}\"", node.At, Mistakes);
        }

        return address;
    }

    private void TellUserNetwork(VmName vm, IReadOnlyList<(Nic Nic, YamlNode Node)> nics)
    {
        var users = nics.Where(pair => pair.Nic is UserNic).ToList();
        foreach (var (nic, node) in users.Skip(1))
        {
            Tell(node.At, $"{nic.Id} of VM \"{vm}\" is a second NIC on the user-mode network; both would be 10.0.2.15.");
        }

        if (users.Count == 0)
        {
            return;
        }

        foreach (var (nic, node) in nics)
        {
            if (nic is LinkNic { Address: { } address } && address.Overlaps(UserNetwork))
            {
                Tell(node.At, $"{nic.Id} of VM \"{vm}\" has {address}, which overlaps {UserNetwork} of its NIC on the user-mode network.");
            }
        }
    }
}

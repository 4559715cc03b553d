using System.Globalization;

namespace LabNet.Core.Traffic;

/// <summary>One condition.</summary>
internal sealed partial class CaptureFilterParser
{
    private const string Allowed =
        "arp, ip, ip6, icmp, icmp6, tcp, udp, broadcast, multicast, fragment, port, host, net, src, dst, ether, proto, vlan, vxlan, less or greater is expected";

    private CaptureFilterNode? ReadPrimitive()
    {
        var (word, position) = (Next, Position);
        _next++;
        switch (word)
        {
            case "tcp" or "udp" when Next is "port" or "src" or "dst":
                return ReadPort(word == "tcp" ? PacketHeaders.Tcp : PacketHeaders.Udp);
            case "src" or "dst" or "port" or "host" or "net":
                _next--;
                return ReadEnd();
            case "ether":
                return ReadEther();
            case "proto":
                return ReadNumber(byte.MaxValue) is { } protocol ? new CaptureFilterIpProtocol(protocol) : null;
            case "vlan":
                return StartsNumber() ? (ReadNumber(0xfff) is { } vlan ? new CaptureFilterVlan(vlan) : null) : new CaptureFilterVlan(Id: null);
            case "vxlan":
                return StartsNumber() ? (ReadNumber(0xff_ffff) is { } vni ? new CaptureFilterVxlan(vni) : null) : new CaptureFilterVxlan(Vni: null);
            case "less":
                return ReadNumber(int.MaxValue) is { } most ? new CaptureFilterLength(0, most) : null;
            case "greater":
                return ReadNumber(int.MaxValue) is { } least ? new CaptureFilterLength(least, int.MaxValue) : null;
            case var _ when CaptureFilterProtocol.Words.Contains(word):
                return new CaptureFilterProtocol(word);
            default:
                return Fail(position, word.Length == 0 ? Allowed : $"\"{Shown(word)}\" is no condition; {Allowed}");
        }
    }

    private CaptureFilterNode? ReadEnd()
    {
        var side = ReadSide();
        switch (Next)
        {
            case "port":
                return ReadPorts(protocol: null, side);
            case "host":
                _next++;
                return ReadAddress() is { } host ? new CaptureFilterNetwork(side, host, host.Width) : null;
            case "net":
                _next++;
                return ReadNetwork(side);
            default:
                return Fail("port, host or net is expected");
        }
    }

    private CaptureFilterNode? ReadPort(byte protocol)
    {
        var side = ReadSide();
        return Next == "port" ? ReadPorts(protocol, side) : Fail("port is expected");
    }

    private CaptureFilterNode? ReadPorts(byte? protocol, CaptureSide side)
    {
        _next++;
        var (text, position) = (Next, Position);
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (Number(dash < 0 ? text : text[..dash], ushort.MaxValue) is not { } first || Number(dash < 0 ? text : text[(dash + 1)..], ushort.MaxValue) is not { } last)
        {
            return Fail(position, "a port from 0 to 65535 is expected, or two with - between them");
        }

        _next++;
        return first <= last ? new CaptureFilterPort(protocol, side, first, last) : Fail(position, "the first port is above the last");
    }

    private CaptureSide ReadSide() => Take("src") ? CaptureSide.Source : Take("dst") ? CaptureSide.Destination : CaptureSide.Either;

    private PacketAddress? ReadAddress()
    {
        if (PacketAddress.TryParse(Next, out var address))
        {
            _next++;
            return address;
        }

        Fail("an address is expected, such as 10.10.10.1 or fe80::1; names are not looked up");
        return null;
    }

    private CaptureFilterNode? ReadNetwork(CaptureSide side)
    {
        var (text, position) = (Next, Position);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !PacketAddress.TryParse(text[..slash], out var network) || Number(text[(slash + 1)..], network.Width) is not { } length)
        {
            return Fail(position, "a network is expected, such as 10.10.10.0/24 or fd00::/8");
        }

        if (length < network.Width && (network.Bits & ((UInt128.One << (network.Width - length)) - 1)) != 0)
        {
            return Fail(position, $"{text[..slash]} has bits behind the first {length}, so it names no network");
        }

        _next++;
        return new CaptureFilterNetwork(side, network, length);
    }

    private CaptureFilterNode? ReadEther()
    {
        if (Take("proto"))
        {
            return ReadNumber(ushort.MaxValue) is { } type ? new CaptureFilterEtherType(type) : null;
        }

        var side = ReadSide();
        if (!Take("host"))
        {
            return Fail("host or proto is expected behind ether");
        }

        if (EtherAddress.Parse(Next) is not { } address)
        {
            return Fail("a MAC address is expected, such as 52:54:00:12:34:58");
        }

        _next++;
        return new CaptureFilterMac(side, address);
    }

    private bool StartsNumber() => Next is [>= '0' and <= '9', ..];

    private int? ReadNumber(int most)
    {
        if (Number(Next, most) is { } number)
        {
            _next++;
            return number;
        }

        Fail($"a number from 0 to {most} is expected");
        return null;
    }

    private static int? Number(string text, int most)
    {
        var isHex = text.StartsWith("0x", StringComparison.Ordinal);
        return long.TryParse(isHex ? text.AsSpan(2) : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 0 && number <= most
            ? (int)number
            : null;
    }
}

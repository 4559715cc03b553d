using LabNet.Core.Traffic;
using static LabNet.Tests.Traffic.Frames;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class CaptureFilterTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("icmp", true)]
    [InlineData("arp or icmp", true)]
    [InlineData("not icmp", false)]
    [InlineData("! icmp || host 10.10.10.1", true)]
    [InlineData("src host 10.10.10.1", false)]
    [InlineData("dst host 10.10.10.1 and src net 10.10.0.0/16", true)]
    [InlineData("net 10.10.10.2/32", true)]
    [InlineData("net 0.0.0.0/0", true)]
    [InlineData("net ::/0", false)]
    [InlineData("port 7", false)]
    [InlineData("ether host 52:54:00:12:34:58 and ether dst host 52:54:00:12:34:57", true)]
    [InlineData("ether src host 52:54:00:12:34:57", false)]
    [InlineData("ether proto 0x0800 and proto 1", true)]
    [InlineData("vlan", false)]
    [InlineData("less 98 and greater 98", true)]
    [InlineData("less 97 or greater 99", false)]
    [InlineData("icmp and not (host 10.10.10.9 or broadcast)", true)]
    public void A_ping_is_let_through_or_not(string text, bool expected) => Assert.Equal(expected, Parse(text).Matches(PacketParser.Parse(Ping()), Ping().Length));

    [Theory]
    [InlineData("tcp port 80", true)]
    [InlineData("udp port 80", false)]
    [InlineData("tcp src port 80", false)]
    [InlineData("dst port 79-81", true)]
    [InlineData("tcp dst port 34567", false)]
    [InlineData("tcp and port 34567", true)]
    public void Ports_are_those_of_the_right_side_and_protocol(string text, bool expected)
    {
        var frame = Ether(PacketHeaders.Ipv4Type, Ipv4(PacketHeaders.Tcp, "10.10.10.2", "10.10.10.1", Tcp(34567, 80, 2, 0, 0, [])));
        Assert.Equal(expected, Parse(text).Matches(PacketParser.Parse(frame), frame.Length));
    }

    [Theory]
    [InlineData("tpc port 80", 0, "\"tpc\" is no condition; ")]
    [InlineData("icmp arp", 5, "and, or or the end is expected, not \"arp\"")]
    [InlineData("icmp and", 8, "arp, ip, ip6, ")]
    [InlineData("(icmp", 0, "the bracket that opens here is never closed")]
    [InlineData("icmp)", 4, "no bracket is open that this one could close")]
    [InlineData("()", 1, "\")\" is no condition; ")]
    [InlineData("port 65536", 5, "a port from 0 to 65535 is expected")]
    [InlineData("port 90-80", 5, "the first port is above the last")]
    [InlineData("host example.com", 5, "an address is expected, such as 10.10.10.1 or fe80::1; names are not looked up")]
    [InlineData("host 10.10.10.256", 5, "an address is expected")]
    [InlineData("net 10.10.10.1/24", 4, "10.10.10.1 has bits behind the first 24, so it names no network")]
    [InlineData("net 10.10.10.0/33", 4, "a network is expected")]
    [InlineData("ether host 52:54:00", 11, "a MAC address is expected")]
    [InlineData("ether 5", 6, "host or proto is expected behind ether")]
    [InlineData("src icmp", 4, "port, host or net is expected")]
    [InlineData("tcp src host 1.2.3.4", 8, "port is expected")]
    [InlineData("vlan 4096", 5, "a number from 0 to 4095 is expected")]
    [InlineData("less", 4, "a number from 0 to 2147483647 is expected")]
    public void A_mistake_is_told_with_its_place(string text, int position, string message)
    {
        Assert.False(CaptureFilter.TryParse(text, out _, out var mistake));
        Assert.Equal(position, mistake.Position);
        Assert.StartsWith(message, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_much_of_it_is_refused_and_not_taken_for_a_call_within_a_call_for_ever()
    {
        Assert.False(CaptureFilter.TryParse(string.Concat(Enumerable.Repeat("not ", 200)) + "icmp", out _, out var deep));
        Assert.Contains("32 deep at most", deep.Message, StringComparison.Ordinal);
        Assert.False(CaptureFilter.TryParse(string.Join(" or ", Enumerable.Repeat("icmp", 65)), out _, out var many));
        Assert.Contains("at most 64 conditions", many.Message, StringComparison.Ordinal);
        Assert.False(CaptureFilter.TryParse(new string(' ', 1000) + new string('(', 1000), out _, out var longOne));
        Assert.Contains("at most 1024 characters", longOne.Message, StringComparison.Ordinal);
    }

    /// <summary>Random filters over random packets: the parsed one says the same as one that is made beside it of plain code.</summary>
    [LongFormFact(hangMs: 20_000)]
    public void A_filter_means_what_its_parts_mean()
    {
        var random = Seed.Print(out var seed);
        for (var round = 0; round < LongForm.Rounds(3000); round++)
        {
            var (text, naive) = Node(random, depth: 0);
            var filter = Parse(text);
            for (var packets = 0; packets < 10; packets++)
            {
                var packet = new Packet(random);
                Assert.True(naive(packet) == filter.Matches(PacketParser.Parse(packet.Frame), packet.Frame.Length), $"seed {seed}: {text} of {PacketSummary.Of(packet.Frame)}");
            }
        }
    }

    [LongFormFact(hangMs: 20_000)]
    public void Whatever_the_text_is_it_is_a_filter_or_has_a_mistake_within_it()
    {
        var random = Seed.Print(out var seed);
        string[] words = ["icmp", "not", "(", ")", "and", "or", "&&", "||", "!", "port", "80", "host", "10.0.0.1", "net", "10.0.0.0/8", "/", "ether", "::", "src", "0x", "-", "é", "\u0000", "vlan", "&", "|", "99999999999"];
        for (var round = 0; round < LongForm.Rounds(20_000); round++)
        {
            var text = string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)]));
            Assert.True(CaptureFilter.TryParse(text, out _, out var mistake) || (mistake.Position >= 0 && mistake.Position <= text.Length), $"seed {seed}: {text}");
        }
    }

    private static (string Text, Func<Packet, bool> Naive) Node(Random random, int depth)
    {
        switch (depth > 4 ? 3 : random.Next(5))
        {
            case 0:
                var (left, right) = (Node(random, depth + 1), Node(random, depth + 1));
                return ($"({left.Text}) {(random.Next(2) == 0 ? "and" : "&&")} ({right.Text})", packet => left.Naive(packet) && right.Naive(packet));
            case 1:
                var (first, second) = (Node(random, depth + 1), Node(random, depth + 1));
                return ($"{first.Text} or {second.Text}", packet => first.Naive(packet) || second.Naive(packet));
            case 2:
                var inner = Node(random, depth + 1);
                return ($"not ({inner.Text})", packet => !inner.Naive(packet));
            default:
                return Primitive(random);
        }
    }

    private static (string Text, Func<Packet, bool> Naive) Primitive(Random random)
    {
        var (host, port) = (random.Next(4), random.Next(4));
        return random.Next(9) switch
        {
            0 => ("tcp", packet => packet.IsTcp),
            1 => ("udp", packet => !packet.IsTcp),
            2 => ($"port {port}", packet => packet.From == port || packet.To == port),
            3 => ($"tcp dst port {port}", packet => packet.IsTcp && packet.To == port),
            4 => ($"udp src port 1-{Math.Max(1, port)}", packet => !packet.IsTcp && packet.From >= 1 && packet.From <= Math.Max(1, port)),
            5 => ($"src host 10.0.0.{host}", packet => packet.Source == host),
            6 => ($"host 10.0.0.{host}", packet => packet.Source == host || packet.Destination == host),
            7 => ("dst net 10.0.0.2/31", packet => packet.Destination is 2 or 3),
            _ => ($"vlan {host}", packet => packet.Vlan == host),
        };
    }

    private static CaptureFilter Parse(string text)
    {
        Assert.True(CaptureFilter.TryParse(text, out var filter, out var mistake), $"{text}: {mistake}");
        return filter;
    }

    private sealed class Packet
    {
        public Packet(Random random)
        {
            (IsTcp, From, To, Source, Destination, Vlan) = (random.Next(2) == 0, random.Next(4), random.Next(4), random.Next(4), random.Next(4), random.Next(5) - 1);
            var upper = IsTcp ? Tcp(From, To, 2, 0, 0, []) : Udp(From, To, []);
            var packet = Ipv4(IsTcp ? PacketHeaders.Tcp : PacketHeaders.Udp, $"10.0.0.{Source}", $"10.0.0.{Destination}", upper);
            Frame = Vlan < 0 ? Ether(PacketHeaders.Ipv4Type, packet) : Ether(PacketHeaders.Ipv4Type, packet, MacB, MacA, Vlan);
        }

        public bool IsTcp { get; }

        public int From { get; }

        public int To { get; }

        public int Source { get; }

        public int Destination { get; }

        public int Vlan { get; }

        public byte[] Frame { get; }
    }
}

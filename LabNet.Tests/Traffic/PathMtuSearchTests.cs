using LabNet.Core.Traffic;

namespace LabNet.Tests.Traffic;

[Trait("suite", "unit")]
public sealed class PathMtuSearchTests
{
    [Theory]
    [InlineData(1450, 1450, 1450, null, 1451)]
    [InlineData(1500, 1450, 1450, 1451, 1501)]
    [InlineData(9000, 1280, 1280, 1281, 9001)]
    [InlineData(1500, 68, 68, 69, 1501)]
    [InlineData(1500, 0, null, 68, 1501)]
    [InlineData(65535, 65535, 65535, null, null)]
    public void The_largest_that_fits_is_found_and_what_vanishes_behind_it(int guestMtu, int pathMtu, int? fits, int? vanishes, int? refused)
    {
        var (search, tries) = Run(size => size > guestMtu ? (MtuOutcome.Refused, guestMtu) : size > pathMtu ? (MtuOutcome.Vanished, null) : (MtuOutcome.Fits, null));
        Assert.Equal((fits, vanishes, refused), (search.Fits, search.Vanishes, search.Refused));
        Assert.Equal(fits is not null && vanishes is not null, search.IsBlackHole);
        Assert.InRange(tries, 1, 20);
    }

    [Fact]
    public void A_path_that_says_what_fits_is_no_black_hole()
    {
        var (search, tries) = Run(size => size > 1500 ? (MtuOutcome.Refused, 1500) : size > 1400 ? (MtuOutcome.Refused, 1400) : (MtuOutcome.Fits, null));
        Assert.Equal((1400, null, 1401, false, 3), (search.Fits, search.Vanishes, search.Refused, search.IsBlackHole, tries));
    }

    [Fact]
    public void A_refusal_that_names_nothing_or_nonsense_ends_too()
    {
        var (silent, _) = Run(size => size > 1000 ? (MtuOutcome.Refused, null) : (MtuOutcome.Fits, null));
        Assert.Equal((1000, 1001), (silent.Fits, silent.Refused));
        var (lying, tries) = Run(size => (MtuOutcome.Refused, size == 1400 ? 70_000 : 1400));
        Assert.Null(lying.Fits);
        Assert.InRange(tries, 2, 20);
    }

    [Theory]
    [InlineData("2 packets transmitted, 2 received, 0% packet loss, time 200ms", MtuOutcome.Fits, null)]
    [InlineData("2 packets transmitted, 0 received, 100% packet loss, time 200ms", MtuOutcome.Vanished, null)]
    [InlineData("ping: local error: message too long, mtu=1450\n2 packets transmitted, 0 received, +2 errors, 100% packet loss", MtuOutcome.Refused, 1450)]
    [InlineData("From 10.10.10.9 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n2 packets transmitted, 0 received, +1 errors", MtuOutcome.Refused, 1400)]
    [InlineData("ping: sendmsg: Message too long\n2 packets transmitted, 0 received", MtuOutcome.Refused, null)]
    [InlineData("ping: unknown host", null, null)]
    public void What_ping_says_is_understood(string said, MtuOutcome? outcome, int? mtu) =>
        Assert.Equal((outcome, mtu), (PathMtuProbe.Outcome(said), PathMtuProbe.ToldMtu(said)));

    private static (PathMtuSearch Search, int Tries) Run(Func<int, (MtuOutcome, int?)> path)
    {
        var (search, tries) = (new PathMtuSearch(), 0);
        while (search.Next is { } size && ++tries < 100)
        {
            var (outcome, mtu) = path(size);
            search.Take(outcome, mtu);
        }

        return (search, tries);
    }
}

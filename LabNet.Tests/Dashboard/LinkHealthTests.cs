using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Topology;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class LinkHealthTests
{
    private readonly Lab _lab = Labs.CrossArch();

    [Fact]
    public void A_link_is_not_known_until_every_host_has_told_of_it()
    {
        var health = Of(new LinkChanged(Labs.Up(_lab, "ares")));

        Assert.Equal("not known yet", health.Word);
        Assert.Equal("Nothing heard of zeus yet.", health.Detail);
    }

    [Fact]
    public void A_link_that_is_up_on_every_host_is_healthy_before_anybody_pinged() => Assert.Equal(Tone.Good, Of(BothUp()).Tone);

    [Fact]
    public void A_link_that_is_down_on_one_host_fails_and_says_where()
    {
        var health = Of(new LinkChanged(Labs.Up(_lab, "ares")), new LinkChanged(Labs.Up(_lab, "zeus") with { Up = false, Problem = "vx-lab is missing." }));

        Assert.True(health.Fails);
        Assert.Equal("down on zeus", health.Word);
        Assert.Equal("vx-lab is missing.", health.Detail);
    }

    [Fact]
    public void Different_mtus_are_a_warning_because_big_packets_vanish()
    {
        var health = Of(new LinkChanged(Labs.Up(_lab, "ares")), new LinkChanged(Labs.Up(_lab, "zeus") with { MtuBytes = 1500 }));

        Assert.Equal("MTU differs", health.Word);
        Assert.Equal(1450, health.MtuBytes);
    }

    [Theory]
    [InlineData(3, "healthy")]
    [InlineData(2, "loses packets")]
    [InlineData(0, "no answer")]
    public void Pings_judge_a_link_that_the_hosts_find_good(int received, string word) =>
        Assert.Equal(word, Of([.. BothUp(), Labs.Ping(_lab, "x86", "arm", Labs.Noon, received: received)]).Word);

    [Fact]
    public void A_ping_that_could_not_be_measured_says_nothing_about_the_link() =>
        Assert.Equal(Tone.Good, Of([.. BothUp(), Labs.Ping(_lab, "x86", "arm", Labs.Noon, received: 0, problem: "the guest is paused")]).Tone);

    [Fact]
    public void Pings_are_summed_up_as_median_and_loss()
    {
        var pings = Of([.. BothUp(), Labs.Ping(_lab, "x86", "arm", Labs.Noon, rttMs: 1), Labs.Ping(_lab, "arm", "x86", Labs.Noon, rttMs: 2, received: 0)]).Pings;

        Assert.Equal("1.00 ms · 50 % loss", PingSummary.Of(pings));
        Assert.Null(PingSummary.Of([]));
    }

    private LinkChanged[] BothUp() => [new(Labs.Up(_lab, "ares")), new(Labs.Up(_lab, "zeus"))];

    private LinkHealth Of(params FeedItem[] items)
    {
        var feed = new LiveFeed(new ManualTimeProvider(Labs.Noon));
        var view = items.Aggregate(new LabView(_lab), (view, item) => view.Apply(feed.Publish(FeedSource.Lab, item)));
        return LinkHealth.Of(view, _lab.Links[0]);
    }
}

using System.Collections.Immutable;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Links;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class LinksViewTests
{
    private static readonly Lab Lab = Labs.CrossArch();
    private static readonly Link Link = Lab.Links[0];
    private static readonly VmName X86 = Labs.Vm("x86");
    private static readonly VmName Arm = Labs.Vm("arm");

    [Fact]
    public void A_pair_is_silent_since_its_first_ping_without_an_answer_and_until_the_next_with_one()
    {
        var view = Sample.View().Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon, received: 0)));
        view = view.Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon.AddSeconds(10), received: 0)));
        view = view.Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon.AddSeconds(20), problem: "the guest agent of x86 does not answer")));
        Assert.Equal(Labs.Noon, Cell(view).SilentSince);

        view = view.Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon.AddSeconds(30))));
        Assert.Null(Cell(view).SilentSince);
        Assert.Equal((Tone.Good, "answers"), (Cell(view).Tone, Cell(view).Word));
    }

    [Fact]
    public void The_history_tells_since_when_a_pair_was_silent_before_the_page_was_opened()
    {
        var view = Sample.View().Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon, received: 0)));
        PingBin[] bins = [Bin(-40, 0), Bin(-30, 3), Bin(-20, 0), Bin(-10, 0)];
        Assert.Equal(Labs.Noon.AddSeconds(-20), Cell(view.WithPast(Link.Name, bins)).SilentSince);
        Assert.Equal(Labs.Noon, Cell(view.WithPast(Link.Name, [Bin(-10, 3)])).SilentSince);
        Assert.Empty(Sample.View().WithPast(Link.Name, bins).SilentSince);

        static PingBin Bin(int seconds, int received) => new(X86, Arm, Labs.Noon.AddSeconds(seconds).ToUnixTimeNs(), 3, received, null, null, null, 0);
    }

    [Fact]
    public void A_black_hole_is_red_also_where_small_packets_are_answered()
    {
        var view = Sample.View().Apply(Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon)))
            .Apply(Sample.Of(new PathMtuMeasured(Link.Name, X86, Arm, FitsBytes: 1200, VanishesBytes: 1201, RefusedBytes: 1451, Problem: null, Labs.Noon)));
        Assert.Equal((Tone.Bad, "black hole", "1200 B"), (Cell(view).Tone, Cell(view).Word, Cell(view).MtuText));
    }

    [Fact]
    public void A_nic_shows_the_worst_of_what_is_done_to_it_until_that_is_over()
    {
        var flap = Sample.Fault(new LinkImpairFault(new NicId(1), new Impairment(50, null, 10, null, null, null), ImpairDirection.Both));
        var down = Sample.Fault(new LinkDownFault(new NicId(1)));
        var view = Sample.View().Apply(Sample.Of(new VmChanged(Labs.Running(Lab.Vms[0], Labs.Noon)))).Apply(Sample.Of(new FaultChanged(flap))).Apply(Sample.Of(new FaultChanged(down)));
        Assert.Equal((Tone.Bad, "link down"), (End(view).Tone, End(view).Word));

        view = view.Apply(Sample.Of(new FaultChanged(down with { State = FaultState.Lifted })));
        Assert.Equal((Tone.Warning, "impaired", "delay 50 ms, loss 10 %"), (End(view).Tone, End(view).Word, End(view).Detail));

        view = view.Apply(Sample.Of(new FaultChanged(flap with { State = FaultState.Lifted })));
        Assert.Equal((Tone.Good, "up"), (End(view).Tone, End(view).Word));
        Assert.Empty(view.Faults);
    }

    [Fact]
    public void Rates_are_those_of_a_vm_that_is_there_and_was_measured_just_now()
    {
        var running = Sample.View().Apply(Sample.Of(new VmChanged(Labs.Running(Lab.Vms[0], Labs.Noon)))).Apply(Sample.Rates(X86, sent: 1500, received: 250));
        Assert.Equal((1500, 250), (End(running).SentBytesPerSecond, End(running).ReceivedBytesPerSecond));
        Assert.Null(LinkEnd.Of(running, Link, Labs.Noon.AddMinutes(1))[0].SentBytesPerSecond);

        var off = running.Apply(Sample.Of(new VmChanged(new VmState(Lab.Vms[0]))));
        Assert.Equal((Tone.Quiet, "VM is off", null), (End(off).Tone, End(off).Word, End(off).SentBytesPerSecond));
    }

    [Fact]
    public void A_flow_that_the_feed_tells_no_more_stays_without_a_rate()
    {
        var (icmp, tcp) = (Sample.Flow("ICMP", null, bytesPerSecond: 100), Sample.Flow("TCP", 80, bytesPerSecond: 900));
        var seen = SeenFlows.None.Add(Sample.Told(icmp, tcp));
        Assert.Equal(["TCP", "ICMP"], seen.Sorted("").Select(flow => flow.Flow.Key.Protocol));

        seen = seen.Add(Sample.Told(icmp));
        Assert.Equal([("ICMP", 100.0), ("TCP", 0.0)], seen.Sorted("").Select(flow => (flow.Flow.Key.Protocol, flow.BytesPerSecond)));
        Assert.Equal("TCP", Assert.Single(seen.Sorted("10.10.10.2:80 tcp")).Flow.Key.Protocol);
        Assert.Empty(seen.Sorted("udp"));
    }

    [Fact]
    public void A_port_scan_does_not_fill_the_page()
    {
        var scan = Enumerable.Range(1, SeenFlows.FlowsMax + 100).Select(port => Sample.Flow("TCP", port, bytesPerSecond: 60, lastNs: port)).ToArray();
        var seen = SeenFlows.None.Add(Sample.Told(scan));
        Assert.Equal(SeenFlows.FlowsMax, seen.Flows.Count);
        Assert.Equal(101, seen.Flows.Values.Min(flow => flow.Flow.Key.DestinationPort));
    }

    [Fact]
    public void Edges_stand_beneath_their_vms_and_hosts_side_by_side()
    {
        var lab = Labs.Of(hosts: 3, vms: 5, links: 2);
        var ends = LinkEnd.Of(new LinksView(new LabView(lab)), lab.Links[0], Labs.Noon);
        var map = LinkMapLayout.Of(lab, ends);
        Assert.Equal(5, ends.Count);
        Assert.All(map.Hosts.SelectMany(host => host.Vms.Select(vm => (host, vm))), one =>
        {
            Assert.InRange(one.vm.X, one.host.X, one.host.X + one.host.Width - one.vm.Width);
            Assert.All(one.vm.Edges, edge => Assert.InRange(edge.X, one.vm.X, one.vm.X + one.vm.Width));
        });
        Assert.All(map.Hosts.Zip(map.Hosts.Skip(1)), pair => Assert.True(pair.First.X + pair.First.Width < pair.Second.X));
        Assert.Equal(map.Width, map.Hosts[^1].X + map.Hosts[^1].Width);
    }

    private static PingCell Cell(LinksView view) => PingCell.Of(view, Link.Name, X86, Arm);

    private static LinkEnd End(LinksView view) => LinkEnd.Of(view, Link, Labs.Noon)[0];

    /// <summary>What the page is told, without anybody who tells it.</summary>
    internal static class Sample
    {
        public static LinksView View() => new(new LabView(Lab));

        public static FeedRecord Of(FeedItem item) => new(FeedSource.Lab, 1, Labs.Noon.ToUnixTimeNs(), item);

        public static Fault Fault(FaultSpec spec) => new(
            FaultId.New(), X86, spec, FaultState.Active, Labs.Noon, Labs.Noon, Labs.Noon.AddSeconds(30), LiftedAt: null, EffectSeen: true, "The guest says so.", End: null, Problem: null, "olga", Run: null, Process: "");

        public static FeedRecord Rates(VmName vm, double sent, double received)
        {
            var layout = new MetricLayout([new MetricKey(MetricCatalogue.NicSent, "eth1"), new MetricKey(MetricCatalogue.NicReceived, "eth1")]);
            var sample = new MetricSample(Labs.Noon.ToUnixTimeNs(), layout, [sent, received], [sent, received], ImmutableSortedDictionary<string, string>.Empty);
            return new FeedRecord(new FeedSource(vm.ToString()), 1, Labs.Noon.ToUnixTimeNs(), new MetricsSampled(sample));
        }

        public static FlowNow Flow(string protocol, int? port, double bytesPerSecond, long lastNs = 1)
        {
            var key = new FlowKey(protocol, 6, Address(1), port is null ? null : 40000, Address(2), port);
            return new FlowNow(new Flow(new CaptureNic(X86, "eth1"), key, Packets: 12, Bytes: 3400, FirstNs: 1, lastNs), PacketsPerSecond: 1, bytesPerSecond);
        }

        public static FlowsChanged Told(params FlowNow[] flows) => new(Link.Name, [.. flows], flows.Length, 12, 3400, 1, 100, Evicted: 0, Gaps: 0);

        private static PacketAddress Address(byte last) => new(PacketAddressKind.Ipv4, 0x0a0a0a00u + last);
    }
}

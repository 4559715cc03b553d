using Bunit;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Links;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

/// <summary>The parts of the Links page, each with values of the test.</summary>
[Trait("suite", "unit")]
public sealed class LinkPanelsTests : IAsyncLifetime
{
    private const string Kernel = "the kernel has no netem.";
    private static readonly Lab Lab = Labs.CrossArch();
    private static readonly Link Link = Lab.Links[0];
    private readonly BunitContext _context = new();

    public ValueTask InitializeAsync()
    {
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon));
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    [Fact]
    public void The_mesh_says_in_words_what_does_not_come_back_and_since_when()
    {
        var view = Both().Apply(LinksViewTests.Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon, received: 0)))
            .Apply(LinksViewTests.Sample.Of(Labs.Ping(Lab, "arm", "x86", Labs.Noon, received: 2)));
        var mesh = _context.Render<PingMatrix>(parameters => parameters.Add(p => p.View, view).Add(p => p.Link, Link.Name));
        var cells = mesh.FindAll("td.cell");
        Assert.Equal(2, cells.Count);
        Assert.Contains("tone-bad", cells[0].ClassName, StringComparison.Ordinal);
        Assert.Contains("nothing comes back", cells[0].TextContent, StringComparison.Ordinal);
        Assert.NotNull(cells[0].QuerySelector("labnet-time"));
        Assert.Contains("tone-warning", cells[1].ClassName, StringComparison.Ordinal);
        Assert.Contains("loses packets", cells[1].TextContent, StringComparison.Ordinal);
        Assert.Contains("33 %", cells[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_black_hole_is_named_with_both_sizes()
    {
        var view = Both().Apply(LinksViewTests.Sample.Of(Labs.Ping(Lab, "x86", "arm", Labs.Noon)))
            .Apply(LinksViewTests.Sample.Of(new PathMtuMeasured(Link.Name, Labs.Vm("x86"), Labs.Vm("arm"), 1200, 1201, null, null, Labs.Noon)));
        var mesh = _context.Render<PingMatrix>(parameters => parameters.Add(p => p.View, view).Add(p => p.Link, Link.Name));
        Assert.Contains("black hole", mesh.Find("td.tone-bad").TextContent, StringComparison.Ordinal);
        Assert.Contains("1200 bytes fit, 1201 vanish without an error", mesh.Find("td.tone-bad").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void An_edge_that_is_broken_looks_so_and_says_it()
    {
        var view = Both().Apply(LinksViewTests.Sample.Of(new FaultChanged(LinksViewTests.Sample.Fault(new LinkDownFault(new NicId(1))))));
        var map = _context.Render<LinkMap>(parameters => parameters.Add(p => p.View, view.Lab).Add(p => p.Health, LinkHealth.Of(view.Lab, Link)).Add(p => p.Ends, LinkEnd.Of(view, Link, Labs.Noon)));
        var edge = Assert.Single(map.FindAll(".edge.broken"));
        Assert.Contains("tone-bad", edge.ClassName, StringComparison.Ordinal);
        Assert.Contains("link down", edge.TextContent, StringComparison.Ordinal);
        Assert.NotNull(edge.QuerySelector(".cut"));
        Assert.Contains("x86/eth1 on ares: link down", map.Find("ul").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_works_here_can_be_asked_for_and_why_the_rest_does_not_stands_beside()
    {
        (LinkEnd End, ImpairmentWish Wish)? asked = null;
        var panel = Panel(Abilities(Kernel), wish => asked = wish);
        panel.FindAll("input[type=radio]")[2].Change("link-impair");
        Assert.Equal(["Delay", "Rate"], panel.FindAll(".form-row")[1].QuerySelectorAll("label").Where(label => label.QuerySelector("input") is not null).Select(label => label.TextContent.Trim().Split('\n', ' ')[0]));
        Assert.Contains("Jitter, Loss, Duplicates, Out of order do not work here: the kernel has no netem.", panel.Find(".form-told").TextContent, StringComparison.Ordinal);

        panel.FindAll(".form-row")[1].QuerySelectorAll("input")[1].Input("512");
        panel.Find("form").Submit();
        Assert.Equal(new LinkImpairFault(new NicId(1), new Impairment(50, null, null, 512, null, null), ImpairDirection.Both), asked!.Value.Wish.ToSpec(new NicId(1)));
        Assert.Equal("x86/eth1", asked.Value.End.Nic.ToString());
    }

    [Fact]
    public void A_mistake_of_an_impairment_is_told_before_it_is_asked_for()
    {
        var panel = Panel(Abilities(whyNot: null));
        panel.FindAll("input[type=number]")[0].Input("7200");
        Assert.Contains("durationMs", panel.Find(".form-state").TextContent, StringComparison.Ordinal);
        Assert.True(panel.Find("button[type=submit]").HasAttribute("disabled"));
    }

    [Fact]
    public void What_is_in_force_can_be_lifted_by_an_operator_alone()
    {
        var fault = LinksViewTests.Sample.Fault(new LinkFlapFault(new NicId(1), 500, 1500));
        Fault? lifted = null;
        var panel = Panel(Abilities(whyNot: null), faults: [fault], lift: one => lifted = one);
        Assert.Contains("flaps: 500 ms down, 1500 ms up", panel.Find("tbody").TextContent, StringComparison.Ordinal);
        panel.Find("tbody button").Click();
        Assert.Equal(fault, lifted);

        var viewers = Panel(Abilities(whyNot: null), faults: [fault], whyNot: "This needs the role operator.");
        Assert.All(viewers.FindAll("button, input, select"), part => Assert.True(part.HasAttribute("disabled") || part.Closest("fieldset[disabled]") is not null));
        Assert.Contains("This needs the role operator.", viewers.Find(".form-state").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Flows_that_are_switched_off_are_told_so_and_what_was_seen_stays()
    {
        var seen = SeenFlows.None.Add(LinksViewTests.Sample.Told(LinksViewTests.Sample.Flow("TCP", 80, 900), LinksViewTests.Sample.Flow("ICMP", null, 100)));
        bool? wanted = null;
        var list = _context.Render<FlowList>(parameters => parameters.Add(p => p.Seen, seen).Add(p => p.IsOn, false).Add(p => p.NotCounted, ["There is no place for the packets of x86."]).Add(p => p.OnSwitch, on => wanted = on));
        Assert.Contains("switched off", list.FindAll("[role=status]")[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("no place for the packets of x86", list.FindAll("[role=status]")[1].TextContent, StringComparison.Ordinal);
        Assert.Equal(["TCP", "ICMP"], list.FindAll("tbody th").Select(th => th.TextContent));
        list.Find("input[type=search]").Input("icmp");
        Assert.Equal(["ICMP"], list.FindAll("tbody th").Select(th => th.TextContent));
        list.Find("button").Click();
        Assert.True(wanted);
    }

    [Fact]
    public void A_wrong_filter_is_told_with_its_place_and_a_right_one_is_asked_for()
    {
        CaptureRequest? asked = null;
        var form = _context.Render<CaptureForm>(parameters => parameters.Add(p => p.Ends, LinkEnd.Of(Both(), Link, Labs.Noon)).Add(p => p.OnBegin, request => asked = request));
        Assert.Contains("Choose a NIC", form.Find(".form-state").TextContent, StringComparison.Ordinal);
        form.FindAll("input[type=checkbox]")[1].Change(true);
        form.Find("input[type=text]").Input("tcp prot 80");
        Assert.Contains("at 5:", form.Find(".form-state").TextContent, StringComparison.Ordinal);
        Assert.Equal("prot 80", form.Find("mark").TextContent);
        Assert.True(form.Find("button").HasAttribute("disabled"));

        form.Find("input[type=text]").Input("tcp port 80");
        form.Find("form").Submit();
        Assert.Equal("arm/eth1", Assert.Single(asked!.Nics).ToString());
        Assert.Equal(("tcp port 80", TimeSpan.FromSeconds(30), CaptureRequest.BytesDefault), (asked.Filter, asked.Duration, asked.MaxBytes));
    }

    [Fact]
    public void A_run_tells_its_latencies_with_their_doubt_and_draws_what_was_lost()
    {
        var view = _context.Render<TrafficRunView>(parameters => parameters.Add(p => p.Run, Run()).Add(p => p.CloseAddress, "/links"));
        Assert.Contains("some lost", view.Find(".verdict").TextContent, StringComparison.Ordinal);
        Assert.Contains("2.00 ms ± 0.40 ms", view.Find("dl").TextContent, StringComparison.Ordinal);
        Assert.Equal((2, 1), (view.FindAll(".came").Count, view.FindAll(".lost").Count));
    }

    [Fact]
    public void The_traffic_form_says_what_is_wrong_and_sends_what_is_right()
    {
        TrafficWish? asked = null;
        var form = _context.Render<TrafficForm>(parameters => parameters.Add(p => p.Link, Link.Name).Add(p => p.Vms, [Labs.Vm("x86"), Labs.Vm("arm")]).Add(p => p.OnBegin, wish => asked = wish));
        form.FindAll("select")[1].Change("x86");
        Assert.Contains("same VM", form.Find(".form-state").TextContent, StringComparison.Ordinal);
        form.FindAll("select")[1].Change("arm");
        form.Find("form").Submit();
        Assert.Equal(new TrafficWish(Labs.Vm("x86"), Labs.Vm("arm"), Link.Name, TrafficProtocol.Udp, 9, "LabNet", null, 100, 20), asked);
    }

    private IRenderedComponent<ImpairmentPanel> Panel(
        IReadOnlyDictionary<CaptureNic, IReadOnlyList<ImpairmentAbility>> abilities,
        Action<(LinkEnd End, ImpairmentWish Wish)>? inject = null,
        IReadOnlyList<Fault>? faults = null,
        Action<Fault>? lift = null,
        string? whyNot = null) => _context.Render<ImpairmentPanel>(parameters => parameters
            .Add(p => p.Ends, LinkEnd.Of(Both(), Link, Labs.Noon))
            .Add(p => p.Abilities, abilities)
            .Add(p => p.Faults, faults ?? [])
            .Add(p => p.WhyNot, whyNot)
            .Add(p => p.OnInject, asked => inject?.Invoke(asked))
            .Add(p => p.OnLift, fault => lift?.Invoke(fault)));

    /// <summary>At every NIC the same: all, or delay by QEMU and the rate.</summary>
    private static Dictionary<CaptureNic, IReadOnlyList<ImpairmentAbility>> Abilities(string? whyNot) => LinkEnd.Of(Both(), Link, Labs.Noon).ToDictionary(
        end => end.Nic,
        IReadOnlyList<ImpairmentAbility> (_) => [.. Enum.GetValues<ImpairmentPart>().Select(part => new ImpairmentAbility(part, part == ImpairmentPart.Rate ? null : whyNot))]);

    private static LinksView Both() => Lab.Vms.Aggregate(LinksViewTests.Sample.View(), (view, vm) => view.Apply(LinksViewTests.Sample.Of(new VmChanged(Labs.Running(vm, Labs.Noon)))));

    private static TrafficRun Run() => new(
        "t-1", new TrafficWish(Labs.Vm("x86"), Labs.Vm("arm"), Link.Name, TrafficProtocol.Udp, 9, "LabNet", null, 3, 20), "olga", TrafficRunState.Ended, Labs.Noon, Labs.Noon.AddSeconds(5),
        new TrafficResult(Sent: 3, Received: 2, Lost: 1, Duplicates: 0, OutOfOrder: 0, RatePerSecond: 19.8, LatencyMs: 2, LatencyP95Ms: 3, LatencyMaxMs: 3, UncertaintyMs: 0.4),
        [new TrafficPacket(0, 0, 2, 1), new TrafficPacket(1, 50, null, 0), new TrafficPacket(2, 100, 3, 1)], Output: null, Problem: null);
}

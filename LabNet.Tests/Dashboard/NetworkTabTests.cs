using Bunit;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

/// <summary>The network's part of a VM's page, over a QEMU that the test plays.</summary>
[Trait("suite", "fake")]
public sealed class NetworkTabTests : IAsyncLifetime
{
    private readonly BunitContext _context = new();
    private readonly ScriptedQemu _qemu = new();
    private LabOnThisMachine _lab = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: {_qemu.Path}"));
        await _lab.UntilAsync("mine", state => state.Cpus is not null);
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon)).AddSingleton(_lab.Vm("mine").Host).AddSupplyValueFromQueryProvider();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact]
    public void A_NIC_that_was_plugged_in_stands_with_those_of_the_lab_file()
    {
        var lab = Labs.CrossArch();
        var state = Labs.Running(lab.Vms[0], Labs.Noon) with
        {
            Plugged =
            [
                new PluggedDevice("d1", "virtio-blk", "rp1", "d1", "/d1.qcow2", null, null, null, null, null, "vdb", Labs.Noon),
                new PluggedDevice("n1", "e1000e", "rp2", null, null, null, "n1-netdev", "52:54:00:aa:bb:cc", "lab", "t-nosuch-tap", "eth2", Labs.Noon),
            ],
        };
        var tab = _context.Render<NetworkTab>(p => p.Add(t => t.Session, _lab.Vm("mine")).Add(t => t.State, state).Add(t => t.View, new LabView(lab)));
        tab.WaitForAssertion(() => Assert.Equal(
            ["eth0", "eth1", "n1"], tab.FindAll("[aria-label='On the host'] tbody th").Select(name => name.TextContent)));
        var plugged = tab.FindAll("[aria-label='On the host'] tbody tr")[2].TextContent;
        Assert.Contains("e1000e", plugged, StringComparison.Ordinal);
        Assert.Contains("52:54:00:aa:bb:cc", plugged, StringComparison.Ordinal);
        Assert.Contains("t-nosuch-tap", plugged, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ping_that_was_not_measured_has_lost_nothing_that_is_known()
    {
        var lab = Labs.CrossArch();
        var ping = Labs.Ping(lab, "x86", "arm", Labs.Noon, received: 0, problem: "no answer");
        var view = new LabView(lab) { Pings = new LabView(lab).Pings.Add((ping.Link, ping.From, ping.To), ping) };
        var tab = _context.Render<NetworkTab>(p => p
            .Add(t => t.Session, _lab.Vm("mine")).Add(t => t.State, Labs.Running(lab.Vms[0], Labs.Noon)).Add(t => t.View, view));
        Assert.Equal(["not measured", "–"], tab.FindAll("[aria-label='Pings'] tbody td").Skip(3).Take(2).Select(cell => cell.TextContent));
    }

    [Fact]
    public async Task What_the_agent_said_is_one_click_away_and_where_it_says_nothing_the_reason_is()
    {
        var lab = Labs.CrossArch();
        var tab = _context.Render<NetworkTab>(p => p
            .Add(t => t.Session, _lab.Vm("mine")).Add(t => t.State, Labs.Running(lab.Vms[0], Labs.Noon)).Add(t => t.View, new LabView(lab)));
        Assert.Equal("Show what the agent said", tab.Find("[aria-label='In the guest'] .said").TextContent.Trim());
        await tab.InvokeAsync(() => tab.Find("[aria-label='In the guest'] .said").Click());
        tab.WaitForAssertion(() => Assert.Equal(
            "The lab file names no agent socket for mine.", tab.Find("pre[aria-label='What the agent said to guest-network-get-interfaces']").TextContent));
    }
}

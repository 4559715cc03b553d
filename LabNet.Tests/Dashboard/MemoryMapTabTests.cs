using System.Text.Json;
using AngleSharp.Dom;
using Bunit;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Tests.Dashboard;

/// <summary>The memory map's part of a VM's page, over a QEMU that the test plays.</summary>
[Trait("suite", "fake")]
public sealed class MemoryMapTabTests : IAsyncLifetime
{
    private const string Machine = "7.2-x86_64";

    private readonly BunitContext _context = new();
    private readonly ScriptedQemu _qemu = new();
    private LabOnThisMachine _lab = null!;
    private VmState _connected = null!;

    private NavigationManager Navigation => _context.Services.GetRequiredService<NavigationManager>();

    public async ValueTask InitializeAsync()
    {
        Answer(MemoryMaps.Text(Machine));
        _qemu.Answer("query-pci", Recording.Return(Machine, "query-pci"));
        _qemu.Answer("x-query-ramblock", Recording.Return(Machine, "x-query-ramblock"));
        _lab = LabOnThisMachine.Open(AttachedVmTests.LabFileOf($"qmp: {_qemu.Path}"));
        _connected = await _lab.UntilAsync("mine", state => state.Cpus is not null);
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon));
        _context.Services.AddSupplyValueFromQueryProvider();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact]
    public void An_address_in_the_pages_address_is_told_chosen_and_leads_to_its_device()
    {
        var tab = Open("?at=0xfea08134");
        Assert.Contains("0xfea08134 is BAR 4 of vda + 0x134.", tab.Find("#memory-place").TextContent, StringComparison.Ordinal);
        Assert.Equal("/vms/mine/devices?device=vda", new Uri(Navigation.ToAbsoluteUri(tab.Find("#memory-place a").GetAttribute("href")).ToString()).PathAndQuery);
        Assert.Equal("virtio-pci-common-virtio-blk, i/o, 0xfea08000 to 0xfea08fff, 4.00 KiB, BAR 4 of vda", tab.Find("[role=option][aria-selected=true]").GetAttribute("aria-label"));
        Assert.Equal("0xfea08000", tab.Find("tbody tr.chosen th").TextContent);
        Assert.Contains("4.00 KiB (0x1000)", tab.Find(".detail").TextContent, StringComparison.Ordinal);
        Assert.Equal("To scale: 0xfea06000 to 0xfea09fff", tab.Find(".scale").GetAttribute("aria-label"));
        Assert.Equal("0xfea08134", tab.Find("#memory-address").GetAttribute("value"));
    }

    [Fact]
    public void A_page_whose_address_cannot_be_read_says_so()
    {
        var tab = Open("?at=febc8134&from=x&to=0x1");
        Assert.Contains("“febc8134” cannot be read", tab.Find("#memory-place.wrong").TextContent, StringComparison.Ordinal);
        Assert.Equal("To scale: 0x0 to 0xffffffff", tab.Find(".scale").GetAttribute("aria-label"));
    }

    [Fact]
    public void Every_range_of_the_space_is_in_the_drawing_and_in_the_table()
    {
        var map = MemoryMaps.Of(Machine);
        var tab = Open("");
        Assert.Equal(map.Memory!.Ranges.Length, tab.FindAll("[role=option]").Count);
        Assert.Equal(map.Memory.Ranges.Length, Rows(tab).Count);
        Go(tab, "?space=io");
        Assert.Equal(map.Io!.Ranges.Length, tab.FindAll("[role=option]").Count);
        Assert.Equal("I/O", tab.Find(".spaces a[aria-current=true]").TextContent);
        Assert.Contains(Rows(tab), row => row.TextContent.Contains("BAR 0 of vda", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_filter_leaves_what_fits_and_pales_the_rest()
    {
        var tab = Open("");
        await tab.InvokeAsync(() => tab.Find("#memory-filter").Input("VDA"));
        tab.WaitForAssertion(() => Assert.All(Rows(tab), row => Assert.Contains("vda", row.TextContent, StringComparison.Ordinal)));
        Assert.Equal(Rows(tab).Count, tab.FindAll("[role=option]:not(.unfit)").Count);
        await tab.InvokeAsync(() => tab.Find("#memory-kind").Change("rom"));
        tab.WaitForAssertion(() => Assert.Contains("No range fits.", tab.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Arrow_keys_choose_and_Enter_shows_it_to_scale()
    {
        var tab = Open("?at=0xfe002000");
        await tab.InvokeAsync(() => tab.Find("[role=listbox]").KeyDown(new KeyboardEventArgs { Key = "ArrowRight" }));
        tab.WaitForAssertion(() => Assert.Contains("at=0xfe002800", Navigation.Uri, StringComparison.Ordinal));
        tab.WaitForAssertion(() => Assert.Equal("range-fe002800", tab.Find("[role=listbox]").GetAttribute("aria-activedescendant")));
        await tab.InvokeAsync(() => tab.Find("[role=listbox]").KeyDown(new KeyboardEventArgs { Key = "Enter" }));
        tab.WaitForAssertion(() => Assert.EndsWith("?at=0xfe002800", Navigation.Uri, StringComparison.Ordinal));
        await tab.InvokeAsync(() => tab.Find("[role=listbox]").KeyDown(new KeyboardEventArgs { Key = "ArrowLeft" }));
        tab.WaitForAssertion(() => Assert.Contains("at=0xfe002000", Navigation.Uri, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_is_looked_up_and_a_mistake_says_what_is_allowed()
    {
        var tab = Open("");
        await tab.InvokeAsync(() => tab.Find("#memory-address").Input("20000000"));
        await tab.InvokeAsync(() => tab.Find("form").Submit());
        tab.WaitForAssertion(() => Assert.Contains(
            "“20000000” cannot be read; an address is 0x and 1 to 16 hexadecimal digits", tab.Find("#memory-place").TextContent, StringComparison.Ordinal));
        Assert.Equal("true", tab.Find("#memory-address").GetAttribute("aria-invalid"));
        await tab.InvokeAsync(() => tab.Find("#memory-address").Input("0x20000000"));
        await tab.InvokeAsync(() => tab.Find("form").Submit());
        tab.WaitForAssertion(() => Assert.Contains("0x20000000 is in no range: nothing answers there.", tab.Find("#memory-place").TextContent, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("[role=option][aria-selected=true]"));
    }

    [Fact]
    public async Task A_BAR_that_moved_since_is_told_once_and_its_ranges_are_not_told_again()
    {
        var tab = Open("");
        Assert.Contains("No BAR has moved", Changes(tab).TextContent, StringComparison.Ordinal);
        Answer(MemoryMaps.Moved(MemoryMaps.Text(Machine), 0xfea08000, 0xfea18000, 0x4000));
        _qemu.Answer("query-pci", Recording.Return(Machine, "query-pci").Replace($"{0xfea08000}", $"{0xfea18000}", StringComparison.Ordinal));
        ReadAgain(tab);
        tab.WaitForAssertion(() => Assert.Equal(["BAR 4 of vda moved from 0xfea08000 to 0xfea18000."], Changes(tab).QuerySelectorAll("li").Select(line => line.TextContent)));
        await tab.InvokeAsync(() => tab.Find("[aria-label='Changes'] button").Click());
        tab.WaitForAssertion(() => Assert.Contains("No BAR has moved", Changes(tab).TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public void What_QEMU_calls_a_range_stays_text_and_a_line_that_cannot_be_read_is_shown()
    {
        const string Hostile = "<img src=x onerror=alert(1)>";
        Answer(MemoryMaps.Text(Machine).Replace("hpet", Hostile, StringComparison.Ordinal).Replace("(prio 0, i/o): ioapic", $"(what {Hostile})", StringComparison.Ordinal));
        var tab = Open("?at=0xfed00000");
        Assert.Empty(tab.FindAll("img"));
        Assert.Contains(Hostile, tab.Find(".detail").TextContent, StringComparison.Ordinal);
        Assert.Contains("1 line of QEMU's answer cannot be read", tab.Find("details").TextContent, StringComparison.Ordinal);
        Assert.Contains($"(what {Hostile})", tab.Find("details pre").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VM_that_cannot_be_asked_says_why_and_what_was_read_before_stays()
    {
        var tab = Open("");
        tab.Render(p => p.Add(t => t.State, _connected with { Connection = new QmpLinkState.Lost("gone", Labs.Noon) }));
        tab.WaitForAssertion(() => Assert.Contains(
            "mine is not reachable: gone", tab.Find("[aria-label='Memory map'] .problem").TextContent, StringComparison.Ordinal));
        Assert.NotEmpty(Rows(tab));
    }

    [Fact]
    public async Task The_RAM_blocks_and_what_QEMU_said_are_there()
    {
        var tab = Open("");
        tab.WaitForAssertion(() => Assert.Contains("384 MiB", tab.Find("[aria-label='RAM blocks']").TextContent, StringComparison.Ordinal));
        await tab.InvokeAsync(() => tab.Find("[aria-label='Memory map'] .said").Click());
        tab.WaitForAssertion(() => Assert.StartsWith("FlatView #0", tab.Find("pre[aria-label='What QEMU said to info mtree -f -o']").TextContent, StringComparison.Ordinal));
    }

    private void Answer(string text) => _qemu.Answer("human-monitor-command", JsonSerializer.Serialize(text));

    private IRenderedComponent<MemoryMapTab> Open(string query)
    {
        Navigation.NavigateTo($"/vms/mine/memory-map{query}");
        var tab = _context.Render<MemoryMapTab>(p => p.Add(t => t.Session, _lab.Vm("mine")).Add(t => t.State, _connected));
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("#memory-filter")));
        return tab;
    }

    private void Go(IRenderedComponent<MemoryMapTab> tab, string query)
    {
        var before = tab.Find(".spaces a[aria-current=true]").TextContent;
        Navigation.NavigateTo($"/vms/mine/memory-map{query}");
        tab.WaitForAssertion(() => Assert.NotEqual(before, tab.Find(".spaces a[aria-current=true]").TextContent));
    }

    /// <summary>A connection that comes back is read from at once.</summary>
    private void ReadAgain(IRenderedComponent<MemoryMapTab> tab)
    {
        tab.Render(p => p.Add(t => t.State, _connected with { Connection = new QmpLinkState.Lost("gone", Labs.Noon) }));
        tab.Render(p => p.Add(t => t.State, _connected));
    }

    private static IReadOnlyList<IElement> Rows(IRenderedComponent<MemoryMapTab> tab) => tab.FindAll("[aria-label='Ranges'] tbody tr");

    private static IElement Changes(IRenderedComponent<MemoryMapTab> tab) => tab.Find("[aria-label='Changes']");
}

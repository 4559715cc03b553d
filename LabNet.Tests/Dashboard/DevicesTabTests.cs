using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.TraceEvents;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm;
using LabNet.Web.Dashboard.Vm.Trace;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The devices' part of a VM's page, over a QEMU that the test plays.</summary>
[Trait("suite", "fake")]
public sealed class DevicesTabTests : IAsyncLifetime
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    private const string Bar = """{"bar": 0, "type": "memory", "address": -1, "size": 4096, "prefetch": false, "mem_type_64": false}""";

    private readonly BunitContext _context = new();
    private readonly ScriptedQemu _qemu = new();
    private TracedLab _traced = null!;
    private VmState _connected = null!;

    public async ValueTask InitializeAsync()
    {
        _qemu.Answer("qom-list", $$"""[{"name": "{{Hostile}}", "type": "child<{{Hostile}}>"}]""");
        _qemu.Answer("query-pci", $$"""[{"bus": 0, "devices": [{{Function(slot: 1, Hostile)}}, {{Function(slot: 2, "")}}]}]""");
        _qemu.Answer("query-chardev", $$"""[{"label": "{{Hostile}}", "filename": "x", "frontend-open": true}]""");
        _traced = TracedLab.Open(AttachedVmTests.LabFileOf($"qmp: {_qemu.Path}"), TraceCatalogue.Empty);
        _connected = await _traced.Lab.UntilAsync("mine", state => state.Cpus is not null);
        var (time, reader) = (new ManualTimeProvider(Labs.Noon), new DeviceTopologyReader(new PciIds(path: null)));
        _context.Services.AddSingleton<TimeProvider>(time).AddSingleton(reader).AddSingleton(new HotPlug(reader, time));
        _context.Services.AddSingleton(_traced.Pump).AddScoped<TraceDesk>();
        _context.Services.AddRadzenComponents().AddScoped<DeviceDesk>().AddSupplyValueFromQueryProvider();
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _traced.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact]
    public async Task What_QEMU_calls_its_devices_stays_text()
    {
        var tab = Open($"?device={Uri.EscapeDataString(Hostile)}");
        tab.WaitForAssertion(() => Assert.Contains(Hostile, tab.Find("tbody th[scope=row]").TextContent, StringComparison.Ordinal));
        Assert.Equal(Hostile, tab.Find("[aria-label='Details of the chosen device'] h2").TextContent);
        await tab.InvokeAsync(() => tab.Find(".said").Click());
        tab.WaitForAssertion(() => Assert.Contains(Hostile, tab.Find("pre[aria-label='What QEMU said to query-chardev']").TextContent, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("img"));
    }

    [Fact]
    public void A_function_without_a_description_is_shown_by_its_address_and_numbers()
    {
        var tab = Open("?device=00:02.0");
        tab.WaitForAssertion(() => Assert.Contains("00:02.0", tab.Find("tr.chosen").TextContent, StringComparison.Ordinal));
        var details = tab.Find("[aria-label='Details of the chosen device']").TextContent;
        Assert.Contains("not in pci.ids · not in pci.ids", details, StringComparison.Ordinal);
        Assert.Contains("unknown", details, StringComparison.Ordinal);
        Assert.Contains("beef", details, StringComparison.Ordinal);
        Assert.Contains("not given one", details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_is_gone_is_told_and_a_filter_that_nothing_fits_too()
    {
        var tab = Open("?device=d1");
        tab.WaitForAssertion(() => Assert.Contains("There is no device “d1” at the moment.", tab.Markup, StringComparison.Ordinal));
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("tbody")));
        Assert.Equal("What the guest makes of them is not known. The lab file names no agent socket for mine, so its guest cannot be asked.", tab.Find("[role=status]").TextContent);
        await tab.InvokeAsync(() => tab.Find("#device-filter").Input("nosuch"));
        tab.WaitForAssertion(() => Assert.Contains("has “nosuch” in it.", tab.Markup, StringComparison.Ordinal));
    }

    private IRenderedComponent<DevicesTab> Open(string query)
    {
        _context.Services.GetRequiredService<NavigationManager>().NavigateTo($"/vms/mine/devices{query}");
        return _context.Render<DevicesTab>(p => p
            .Add(t => t.Session, _traced.Lab.Vm("mine")).Add(t => t.State, _connected).Add(t => t.Actor, new Actor("tester", Role.Admin, "dashboard")));
    }

    /// <summary>Without a word for its class, as QEMU has none for some.</summary>
    private static string Function(int slot, string id) =>
        $$"""{"bus": 0, "slot": {{slot}}, "function": 0, "class_info": {"class": 65280}, "id": {"vendor": 48879, "device": 12}, "irq_pin": 0, "qdev_id": "{{id}}", "regions": [{{Bar}}]}""";
}

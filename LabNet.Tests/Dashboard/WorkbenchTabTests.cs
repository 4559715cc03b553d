using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.PciModels;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Tests.PciModels;
using LabNet.Tests.Vms;
using LabNet.Tests.Workbench;
using LabNet.Web.Dashboard.Vm;
using LabNet.Web.Dashboard.Vm.Trace;
using LabNet.Web.Dashboard.Vm.Workbench;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The workbench of a VM's page, over a log that is written here and taken over as QEMU's own. The VM is off, whatever a test shows of it.</summary>
[Trait("suite", "fake")]
public sealed class WorkbenchTabTests : IAsyncLifetime
{
    private const string OneVm = """
        name: bench
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly BunitContext _context = new();
    private readonly TestFolder _folder = new();
    private LabOnThisMachine _lab = null!;
    private Database _database = null!;
    private RingWriter _ring = null!;
    private TracePump _pump = null!;
    private TraceStore _store = null!;

    private VmState Running => Labs.Running(_lab.Vm("box").State.Definition, Labs.Noon);

    private static PluggedDevice Sample(string id = "s0", DateTimeOffset? at = null) =>
        new(id, "labnet-sample", "rp1", null, null, null, null, null, null, null, null, at ?? DateTimeOffset.UnixEpoch) { Properties = new Dictionary<string, string> { ["word"] = "w" }.ToImmutableSortedDictionary(StringComparer.Ordinal) };

    public ValueTask InitializeAsync()
    {
        _lab = LabOnThisMachine.Open(OneVm, pciFolder: _folder.File("pci"));
        Directory.CreateDirectory(_folder.File("pci"));
        Directory.CreateDirectory(_lab.Vm("box").Paths.TraceFolder);
        _ring = new RingWriter(Database.Open(Path.Join(_lab.Folder, "ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        _store = new TraceStore(_ring);
        _pump = new TracePump(_lab.Vms, _lab.Feed, _store, _ring, SampleAccesses.Catalogue, TimeProvider.System, NullLogger<TracePump>.Instance);
        _pump.Open();
        _ring.Start();
        _pump.Start();
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        var (devices, models) = (new DeviceTopologyReader(new PciIds(path: null)), new PciModelCatalogue(_lab.Host));
        _context.Services.AddSingleton(TimeProvider.System).AddSingleton(_lab.Feed).AddSingleton(_lab.Operations).AddSingleton(_store).AddSingleton(SampleAccesses.Catalogue).AddSingleton(_pump)
            .AddSingleton(models).AddSingleton(new HotPlug(devices, TimeProvider.System)).AddSingleton(new GuestRegisters(devices, models)).AddSingleton(new DeviceWorkbench(devices, models, _lab.Vms))
            .AddSingleton(new PciBuilder(_lab.Host, _lab.Operations, new AuditLog(_database, _lab.Feed, TimeProvider.System)))
            .AddScoped<TraceDesk>().AddScoped<DeviceDesk>().AddScoped<WorkbenchDesk>();
        _context.Services.AddRadzenComponents();
        _context.Services.AddSupplyValueFromQueryProvider();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _pump.DisposeAsync();
        await _ring.DisposeAsync();
        await _lab.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Where_nothing_was_built_the_page_says_what_to_do()
    {
        var tab = Open(Running);
        Assert.Contains("box has no custom device. Build them below, then plug one in.", Part(tab, "bench-device").TextContent, StringComparison.Ordinal);
        Assert.Contains("./infra/lab pci build", Part(tab, "bench-models").TextContent, StringComparison.Ordinal);
        Assert.Contains("The devices have not been built here.", Part(tab, "bench-build").TextContent, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("table"));
        Assert.All(Part(tab, "bench-build").QuerySelectorAll("button"), button => Assert.False(button.HasAttribute("disabled")));
    }

    [Fact]
    public void Models_are_told_with_their_windows_and_properties_and_why_none_can_be_plugged_in()
    {
        Build();
        var tab = Open(new VmState(Running.Definition));
        var models = Part(tab, "bench-models");
        Assert.Contains("None can be plugged in at the moment: box is off. Start it to see this.", models.TextContent, StringComparison.Ordinal);
        Assert.Equal("1234:4c4e", models.QuerySelector("td.mono")!.TextContent);
        Assert.Equal(
            ["BAR 0: 6 registers in 4.00 KiB", "BAR 2: 64.0 KiB of memory", "BAR 4: MSI-X, 8 vectors", "start a power of two, 1 to 16", "msi on or off", "word "],
            models.QuerySelectorAll("li").Select(item => item.TextContent));
        Assert.True(models.QuerySelector("button")!.HasAttribute("disabled"));
        Assert.Contains("QEMU 7.2.22", Part(tab, "bench-build").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Registers_are_unknown_until_an_access_goes_by_and_then_say_what_was_seen()
    {
        Build();
        var tab = Open(Running with { Plugged = [Sample()] });
        tab.WaitForAssertion(() => Assert.Equal(6, Rows(tab).Count), Patience);
        Assert.Equal("0x008 SCRATCH read, write 0x00000000 –", Told(tab, "SCRATCH"));
        Assert.Equal("0x018 COUNTER read only start –", Told(tab, "COUNTER"));
        Assert.Equal("0x010 RAISE command –", Told(tab, "RAISE"));
        Write(SampleAccesses.Access("write", 8, 4, 0xcafe), SampleAccesses.Access("read", 0x0c, 4, 0x21), SampleAccesses.Access("read", 0x14, 4, 1), SampleAccesses.Access("read", 8, 4, 1, device: "s1"));
        tab.WaitForAssertion(() => Assert.StartsWith("0x008 SCRATCH read, write 0x00000000 0x0000cafe written", Told(tab, "SCRATCH"), StringComparison.Ordinal), Patience);
        Assert.Contains("0x00000021 read BUSY LEVEL = 2", Told(tab, "STATUS"), StringComparison.Ordinal);
        Assert.Contains("0x00000001 read RUNNING", Told(tab, "STATE"), StringComparison.Ordinal);
        Assert.EndsWith(" 1", Told(tab, "SCRATCH"), StringComparison.Ordinal);
        Assert.Equal(["SCRATCH", "STATUS", "STATE"], tab.FindAll("td.fresh").Select(cell => cell.ParentElement!.QuerySelector("th")!.TextContent));

        // The list's rows come when it has asked how many fit.
        tab.WaitForAssertion(() => Assert.Equal(3, tab.FindAll(".lines tbody th button").Count), Patience);
        Assert.Equal("/timeline?filter=event%20~%20labnet_%2A%20and%20device%20%3D%3D%20%22s0%22", tab.Find("[aria-labelledby=trace-live] header a").GetAttribute("href"));
    }

    [Fact]
    public async Task What_was_seen_before_is_read_from_the_history_as_far_back_as_the_device_is_there()
    {
        Build();
        Write(SampleAccesses.Access("write", 8, 4, 0xcafe));
        Write(2_000_000_000, SampleAccesses.Access("read", 0, 4, 0x31454e4c));
        await UntilStoredAsync(2);

        // Memory still has what the device's namesake of before did: only the history knows since when this one is there.
        var tab = Open(Running with { Plugged = [Sample(at: DateTimeOffset.FromUnixTimeSeconds(1_900_000_000))] });
        tab.WaitForAssertion(() => Assert.Contains("0x31454e4c read", Told(tab, "ID"), StringComparison.Ordinal), Patience);
        Assert.Equal("0x008 SCRATCH read, write 0x00000000 –", Told(tab, "SCRATCH"));
        Assert.Empty(tab.FindAll("td.fresh"));
    }

    [Fact]
    public void The_device_of_the_address_is_shown_and_the_others_are_one_click_away()
    {
        Build();
        var tab = Open(Running with { Plugged = [Sample(), Sample("s1"), new PluggedDevice("d1", "nvme", "rp3", "d1", "/d1", null, null, null, null, null, null, Labs.Noon)] }, "?device=s1");
        Assert.Equal(["s0", "s1"], tab.FindAll(".choices a").Select(link => link.TextContent));
        Assert.Equal("s1", tab.Find(".choices a[aria-current]").TextContent);
        Assert.EndsWith("/vms/box/workbench?device=s0", tab.Find(".choices a").GetAttribute("href"), StringComparison.Ordinal);
        Assert.Contains("labnet-sample · A device with something of each · word=w", Squeezed(Part(tab, "bench-device").TextContent), StringComparison.Ordinal);
    }

    [Fact]
    public void Why_nothing_is_watched_and_where_a_remote_device_waits_is_told()
    {
        Build();
        var tab = Open(Running with { Plugged = [Sample() with { Socket = "/run/box/s0.sock" }] });
        Assert.Contains("Nothing is watched: There is no place for the trace events of box", Part(tab, "bench-device").TextContent, StringComparison.Ordinal);
        Assert.Equal("/run/box/s0.sock", tab.Find("code").TextContent);
        Assert.Equal("false", tab.Find("[role=switch]").GetAttribute("aria-checked"));
        tab = Open(Running with { Plugged = [Sample()], TraceSwitches = [new TraceEventSwitch("labnet_*", Enabled: true)] });
        Assert.Equal("true", tab.Find("[role=switch]").GetAttribute("aria-checked"));
        Assert.DoesNotContain("Nothing is watched", tab.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_access_that_is_refused_is_told_beside_the_button()
    {
        Build();
        var tab = Open(Running with { Plugged = [Sample()] });
        await tab.InvokeAsync(() => Button(tab, "Read").Click());
        tab.WaitForAssertion(() => Assert.Contains("box is not running", tab.Find(".form-state").TextContent, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public void A_viewer_sees_all_of_it_and_changes_nothing()
    {
        Build();
        var tab = Open(Running with { Plugged = [Sample()] }, role: Role.Viewer);
        Assert.All(
            tab.FindAll("[aria-labelledby=bench-build] button, [aria-labelledby=bench-models] button, [aria-labelledby=bench-device] .button, [role=switch]").Where(button => button.LocalName == "button"),
            button => Assert.True(button.HasAttribute("disabled"), button.OuterHtml));
        Assert.Equal(6, Rows(tab).Count);
    }

    [Fact]
    public void Before_the_page_is_live_it_says_so()
    {
        Build();
        _context.SetRendererInfo(new RendererInfo("Static", isInteractive: false));
        var tab = Open(Running with { Plugged = [Sample()] });
        Assert.Contains("Loading …", Part(tab, "trace-live").TextContent, StringComparison.Ordinal);
        Assert.Equal("The page is not live yet.", Button(tab, "Build").GetAttribute("title"));
    }

    private async Task UntilStoredAsync(int count)
    {
        while (_store.Read(new TraceQuery(_lab.Vm("box").State.Name, 10)).Count < count)
        {
            await _ring.FlushAsync(Xunit.TestContext.Current.CancellationToken);
        }
    }

    private void Build() => BuiltDevices.Make(_folder.File("pci"));

    private IRenderedComponent<WorkbenchTab> Open(VmState state, string query = "", Role role = Role.Operator)
    {
        _context.Services.GetRequiredService<NavigationManager>().NavigateTo($"/vms/box/workbench{query}");
        return _context.Render<WorkbenchTab>(p => p.Add(t => t.Session, _lab.Vm("box")).Add(t => t.State, state).Add(t => t.Actor, new Actor("tester", role, "dashboard")));
    }

    private void Write(params string[] texts) => Write(1_795_000_000, texts);

    private void Write(long second, params string[] texts)
    {
        using var file = new FileStream(_lab.Vm("box").Paths.TraceLog(1), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(Encoding.UTF8.GetBytes(string.Concat(texts.Select((text, number) => string.Create(CultureInfo.InvariantCulture, $"4711@{second}.{number + 1:000000}:{text}\n")))));
    }

    private static AngleSharp.Dom.IElement Part(IRenderedComponent<WorkbenchTab> tab, string title) => tab.Find($"[aria-labelledby={title}]");

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<WorkbenchTab> tab, string text) => tab.FindAll("button").First(button => button.TextContent.Trim() == text);

    private static IReadOnlyList<AngleSharp.Dom.IElement> Rows(IRenderedComponent<WorkbenchTab> tab) => tab.FindAll("[aria-labelledby=bench-device] tbody tr");

    private static string Told(IRenderedComponent<WorkbenchTab> tab, string register)
    {
        var row = Rows(tab).Single(one => one.QuerySelector("th")!.TextContent == register);
        return Squeezed(string.Join(' ', row.Children.Select(cell => cell.QuerySelector("labnet-time") is null ? string.Join(' ', cell.Children.Length > 0 ? Texts(cell) : [cell.TextContent]) : "")));
    }

    private static IEnumerable<string> Texts(AngleSharp.Dom.IElement cell) => cell.ChildNodes.Select(node => node.TextContent);

    private static string Squeezed(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}

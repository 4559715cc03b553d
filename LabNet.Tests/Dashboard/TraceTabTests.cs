using System.Globalization;
using System.Text;
using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.IoBenchmarks;
using LabNet.Tests.TraceEvents;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Trace;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The trace events' part of a VM's page, over logs that are written here and taken over as QEMU's own. The VM is off, whatever a test shows of it.</summary>
[Trait("suite", "fake")]
public sealed class TraceTabTests : IAsyncLifetime
{
    private const string OneVm = """
        name: traced
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian }
        """;

    private const string Hostile = "<img src=x onerror=alert(1)>&amp;\u001b[31m";

    private readonly BunitContext _context = new();
    private readonly LabOnThisMachine _lab = LabOnThisMachine.Open(OneVm);
    private readonly TestFolder _folder = new();
    private Database _database = null!;
    private IoBenchmarkStore _measured = null!;
    private RingWriter _ring = null!;
    private TracePump _pump = null!;

    private NavigationManager Navigation => _context.Services.GetRequiredService<NavigationManager>();

    private VmPaths Paths => _lab.Vm("box").Paths;

    private VmState Running => Labs.Running(_lab.Vm("box").State.Definition, Labs.Noon);

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Paths.TraceFolder);
        _ring = new RingWriter(Database.Open(Path.Join(_lab.Folder, "ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        var (store, catalogue) = (new TraceStore(_ring), TraceCatalogue.Parse(RandomTraceLog.Declarations));
        _pump = new TracePump(_lab.Vms, _lab.Feed, store, _ring, catalogue, TimeProvider.System, NullLogger<TracePump>.Instance);
        _pump.Open();
        _ring.Start();
        _pump.Start();
        _context.Services.AddSingleton(TimeProvider.System).AddSingleton(_lab.Feed).AddSingleton(store).AddSingleton(catalogue).AddSingleton(_pump).AddScoped<TraceDesk>();
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        _measured = new IoBenchmarkStore(_database, TimeProvider.System);
        _context.Services.AddSingleton(new IoBenchmarkRunner(
            _measured, new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System), traced: null, TimeProvider.System));
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
    public void A_VM_without_a_place_for_trace_events_says_why_and_what_to_do()
    {
        var tab = Open(Running);
        var none = tab.Find("[aria-label='No trace events']").TextContent;
        Assert.Contains("nothing is mounted at", none, StringComparison.Ordinal);
        Assert.Contains("./infra/lab up makes it", none, StringComparison.Ordinal);
        Assert.Contains("Nothing can be traced here", tab.Find("[aria-labelledby=trace-live]").TextContent, StringComparison.Ordinal);
        Assert.All(tab.FindAll("[aria-labelledby=trace-presets] button"), button => Assert.Contains("nothing is mounted at", button.GetAttribute("title"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_tracing_costs_the_guest_is_told_as_it_was_measured_there_and_not_measured_while_nothing_is_on()
    {
        Assert.Contains("Not measured in this guest yet.", Measured(Open(Running)).TextContent, StringComparison.Ordinal);
        await KeepAsync(IoBenchmarkRunner.WithoutTracing, 1120, 1131, 1109, 1142, 1098, 1125);
        await KeepAsync(IoBenchmarkRunner.WithTracing, 1000, 1010, 990, 1020, 980, 1005);
        var tab = Open(Running);
        tab.WaitForAssertion(() => Assert.Contains("Measured by fio in the guest: With tracing is 11 % slower", Measured(tab).TextContent, StringComparison.Ordinal), Patience);
        Assert.Equal("/vms/box/benchmark?series=s1", Measured(tab).QuerySelector("a")!.GetAttribute("href"));
        Assert.True(Measured(tab).QuerySelector("button")!.HasAttribute("disabled"));
        await KeepAsync(IoBenchmarkRunner.WithTracing, "s2", "In repeat 1 of 6: fio is gone.");
        await KeepAsync(IoBenchmarkRunner.WithoutTracing, "s2", "In repeat 1 of 6: fio is gone.");
        tab = Open(Running);
        tab.WaitForAssertion(() => Assert.Contains("The last measurement was not completed: In repeat 1 of 6: fio is gone.", Measured(tab).TextContent, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public void The_newest_events_are_listed_with_their_arguments_as_QEMU_prints_them()
    {
        Write("100@1795000000.000001:virtio_blk_handle_read vdev 0x10 req 0xabc0 sector 2048 nsectors 8", "101@1795000000.001235:virtio_blk_req_complete vdev 0x10 req 0xabc0 status -5");
        var tab = Open(Running);
        UntilLines(tab, 2);
        Assert.Equal(["virtio_blk_req_complete", "virtio_blk_handle_read"], Events(tab));
        Assert.Equal(["thread 101", "vdev 0x10", "req 0xabc0", "status -5", "1.23 ms"], Cells(tab, row: 0).Skip(1));
        Assert.Equal(["thread 100", "vdev 0x10", "req 0xabc0", "sector 2048", "nsectors 8", ""], Cells(tab, row: 1).Skip(1));
        Assert.Equal("vdev 0x10 req 0xabc0 status -5", tab.Find(".lines td.arguments").GetAttribute("title"));
        var time = tab.Find(".lines labnet-time");
        Assert.Equal("001235", time.GetAttribute("fraction"));
        Assert.EndsWith(".001235 UTC", time.GetAttribute("title"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chosen_event_shows_all_there_is_of_it_and_leads_to_its_moment_in_the_timeline()
    {
        Write("100@1795000000.000500:virtio_blk_handle_read vdev 0x10 req 0xabc0 sector 2048 nsectors 8");
        var tab = Open(Running);
        UntilLines(tab, 1);
        await tab.InvokeAsync(() => tab.Find(".lines tbody th button").Click());
        var details = tab.WaitForElement("[aria-label='Details of the chosen event']", Patience);
        Assert.Contains("sectoruint64_t", details.TextContent, StringComparison.Ordinal);
        Assert.Contains("20480x800", details.TextContent, StringComparison.Ordinal);
        Assert.Equal("/timeline?from=1794999999975.5&to=1795000000025.5&a=1795000000000.5", details.QuerySelector("a")!.GetAttribute("href"));
        await tab.InvokeAsync(() => tab.Find("[aria-label='Close the details']").Click());
        tab.WaitForAssertion(() => Assert.Empty(tab.FindAll("[aria-label='Details of the chosen event']")), Patience);
    }

    [Fact]
    public async Task What_a_guest_or_QEMU_says_stays_text_and_lines_that_are_no_event_are_one_click_away()
    {
        Write($"100@1795000000.000001:memory_region_ops_read cpu 0 mr 0x99 addr 0x1 value 0x2 size 4 name '{Hostile}'", $"warning: {Hostile}", "100@1795000000.000003:nothing ");
        var tab = Open(Running);
        UntilLines(tab, 3);
        foreach (var button in Enumerable.Range(0, 3))
        {
            await tab.InvokeAsync(() => tab.FindAll(".lines tbody th button")[button].Click());
            tab.WaitForElement("[aria-label='Details of the chosen event']", Patience);
            Assert.Empty(tab.FindAll("img, script"));
        }

        Assert.Contains("<img src=x onerror=alert(1)>&amp;\u241b[31m", tab.Find(".lines").TextContent, StringComparison.Ordinal);
        await tab.InvokeAsync(() => tab.Find(".quiet-link").Click());
        tab.WaitForAssertion(() => Assert.Equal(["(unparsed)"], Events(tab)), Patience);
        tab.WaitForAssertion(() => Assert.EndsWith("?filter=event%20%3D%3D%20%22%28unparsed%29%22", Navigation.Uri, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task The_filter_is_in_the_address_and_the_address_is_obeyed()
    {
        Write([.. Enumerable.Range(1, 20).Select(Numbered)]);
        var tab = Open(Running, "?filter=sector%20%3C%203");
        UntilLines(tab, 2);
        Assert.Equal("sector < 3", tab.Find("#trace-filter").GetAttribute("value"));
        await tab.InvokeAsync(() => tab.Find("#trace-filter").Input("sector >= 18"));
        UntilLines(tab, 3);
        Assert.EndsWith("?filter=sector%20%3C%203", Navigation.Uri, StringComparison.Ordinal);
        await tab.InvokeAsync(() => tab.Find("#trace-filter").Change("sector >= 18"));
        tab.WaitForAssertion(() => Assert.EndsWith("?filter=sector%20%3E%3D%2018", Navigation.Uri, StringComparison.Ordinal), Patience);
        await tab.InvokeAsync(() => tab.Find("#trace-filter").Input(""));
        UntilLines(tab, 20);
    }

    [Fact]
    public async Task A_mistake_is_told_at_its_place_with_what_may_be_meant_and_the_list_stays()
    {
        Write([.. Enumerable.Range(1, 5).Select(Numbered)]);
        var tab = Open(Running);
        UntilLines(tab, 5);
        await tab.InvokeAsync(() => tab.Find("#trace-filter").Input("secter > 3"));
        tab.WaitForAssertion(() => Assert.Equal("true", tab.Find("#trace-filter").GetAttribute("aria-invalid")), Patience);
        Assert.Equal("secter", tab.Find("#trace-filter-mistake mark").TextContent);
        Assert.Contains("At 1: there is no field \"secter\"", tab.Find("#trace-filter-mistake").TextContent, StringComparison.Ordinal);
        Assert.Equal(5, Events(tab).Count);
        await tab.InvokeAsync(() => tab.Find("#trace-filter-mistake .hint").Click());
        UntilLines(tab, 2);
        tab.WaitForAssertion(() => Assert.Equal("sector > 3", tab.Find("#trace-filter").GetAttribute("value")), Patience);
        Assert.Empty(tab.FindAll("#trace-filter-mistake"));
    }

    [Fact]
    public async Task A_paused_list_stays_as_it_is_and_counts_what_comes_until_it_is_followed_again()
    {
        Write([.. Enumerable.Range(1, 3).Select(Numbered)]);
        var tab = Open(Running);
        UntilLines(tab, 3);
        await tab.InvokeAsync(() => Pause(tab).Click());
        Write([.. Enumerable.Range(4, 6).Select(Numbered)]);
        tab.WaitForAssertion(() => Assert.Equal("Paused. 6 events while paused.", Squeezed(tab.Find(".note.paused").TextContent, " ")), Patience);
        Assert.Equal(3, Events(tab).Count);
        await tab.InvokeAsync(() => Pause(tab).Click());
        UntilLines(tab, 9);
        tab.WaitForAssertion(() => Assert.Empty(tab.FindAll(".note.paused")), Patience);
    }

    [Theory]
    [InlineData("pointer", "Stands still while the pointer is over it. 6 events new.")]
    [InlineData("focus", "Stands still while a row has the focus; Escape goes on. 6 events new")]
    [InlineData("scrolled", "Stands still while it is scrolled. 6 events new")]
    public async Task While_somebody_is_at_the_list_it_stands_still_and_says_how_much_is_new(string why, string note)
    {
        Write([.. Enumerable.Range(1, 3).Select(Numbered)]);
        var tab = Open(Running);
        UntilLines(tab, 3);
        var list = tab.FindComponent<TraceLive>();
        await tab.InvokeAsync(() => list.Instance.Hold(why));
        Write([.. Enumerable.Range(4, 6).Select(Numbered)]);
        tab.WaitForAssertion(() => Assert.Equal(note, Squeezed(tab.Find("[aria-labelledby=trace-live] .note").TextContent, " ")), Patience);
        Assert.DoesNotContain("6", tab.Find("[aria-labelledby=trace-live] [role=status]").TextContent, StringComparison.Ordinal);
        Assert.Equal(3, Events(tab).Count);
        await tab.InvokeAsync(() => list.Instance.Hold(""));
        UntilLines(tab, 9);
        tab.WaitForAssertion(() => Assert.Empty(Squeezed(tab.Find("[aria-labelledby=trace-live] .note").TextContent)), Patience);
    }

    [Fact]
    public void What_filters_left_out_is_told_apart_from_what_was_lost()
    {
        var seen = new TraceEventsSeen(Events: 5000, Unparsed: 1, FilteredOut: 1200, LastSequence: 5001, HandedOnSequence: 5001, IsFull: false, TimesFull: 0);
        Assert.Equal("5\u2009001 lines1\u2009200 of them not wanted: the filters of what is on left them out.None was lost.", Told(seen));
        Assert.Equal("5\u2009001 linesSome more were lost, once; the timeline shows when.", Told(seen with { FilteredOut = 0, TimesFull = 1 }));
        Assert.Equal("1 lineSome more were lost, 3 times; the timeline shows when.", Told(seen with { Events = 1, Unparsed = 0, FilteredOut = 0, TimesFull = 3 }));

        string Told(TraceEventsSeen told) => Squeezed(_context.Render<TraceCost>(p => p.Add(c => c.RatePerSecond, 0).Add(c => c.Seen, told).Add(c => c.IsOn, true)).FindAll("dd")[^1].TextContent);
    }

    [Fact]
    public void A_viewer_sees_what_is_on_and_what_comes_and_changes_nothing()
    {
        Write(Numbered(1));
        var tab = Open(Running with { TraceSwitches = [new TraceEventSwitch("virtio_blk_*", Enabled: true, TraceKeep.Ring, "sector > 0")] }, role: Role.Viewer);
        UntilLines(tab, 1);
        Assert.Equal("virtio_blk_*3only livesector > 0onRemove", Squeezed(tab.Find("[aria-labelledby=trace-on] tbody tr").TextContent));
        Assert.Empty(tab.FindAll("form"));
        Assert.All(tab.FindAll("[aria-labelledby=trace-on] button, [aria-labelledby=trace-presets] button"), button => Assert.True(button.HasAttribute("disabled")));
        Assert.False(Pause(tab).HasAttribute("disabled"));
    }

    [Fact]
    public void Before_the_page_is_live_nothing_can_be_typed()
    {
        _context.SetRendererInfo(new RendererInfo("Static", isInteractive: false));
        var tab = Open(Running);
        Assert.All(tab.FindAll("input"), input => Assert.True(input.HasAttribute("readonly")));
        Assert.Contains("Loading …", tab.Find("[aria-labelledby=trace-live]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VM_that_is_off_says_that_its_events_are_switched_on_again()
    {
        var tab = Open(new VmState(Running.Definition) { TraceSwitches = [new TraceEventSwitch("nothing", Enabled: true)] });
        Assert.Contains("switched on again when the VM runs", tab.Find("[aria-labelledby=trace-on] .note").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Latencies_of_what_is_kept_are_told_by_the_event_that_ends_a_request()
    {
        var now = DateTimeOffset.UtcNow.AddSeconds(-30).ToUnixTimeSeconds();
        Write([.. Enumerable.Range(1, 100).SelectMany(number => new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"100@{now}.{number * 1000:000000}:virtio_blk_handle_read vdev 0x10 req 0x{number}0 sector 1 nsectors 8"),
            string.Create(CultureInfo.InvariantCulture, $"100@{now}.{(number * 1000) + (number <= 50 ? 100 : 800):000000}:virtio_blk_req_complete vdev 0x10 req 0x{number}0 status 0"),
        })]);
        var tab = Open(Running);
        var view = () => tab.Find("[aria-labelledby=trace-latency]");
        tab.WaitForAssertion(() => Assert.Equal("virtio_blk_req_complete", view().QuerySelector("#latency-event option")?.TextContent), Patience);
        tab.WaitForAssertion(() => Assert.Equal("100", view().QuerySelector("dd")!.TextContent), Patience);
        Assert.Equal("800 µs", view().QuerySelectorAll("dd")[^1].TextContent);
    }

    private static TimeSpan Patience => TimeSpan.FromSeconds(60);

    private static string Numbered(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"100@1795000000.{number:000000}:virtio_blk_handle_read vdev 0x10 req 0x20 sector {number} nsectors 8");

    private static string Squeezed(string text, string between = "") => string.Join(between, text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static List<string> Events(IRenderedComponent<TraceTab> tab) => [.. tab.FindAll(".lines tbody th button").Select(button => button.TextContent)];

    private static AngleSharp.Dom.IElement Pause(IRenderedComponent<TraceTab> tab) => tab.Find("[aria-labelledby=trace-live] header .button");

    private static List<string> Cells(IRenderedComponent<TraceTab> tab, int row) =>
        [.. tab.FindAll(".lines tbody tr").Where(line => line.QuerySelector("th") is not null).ElementAt(row).QuerySelectorAll("td:not(.arguments), .arguments span").Select(cell => cell.TextContent)];

    private static void UntilLines(IRenderedComponent<TraceTab> tab, int count) => tab.WaitForAssertion(() => Assert.Equal(count, Events(tab).Count), Patience);

    private static AngleSharp.Dom.IElement Measured(IRenderedComponent<TraceTab> tab) => tab.Find("[aria-label='What tracing costs this guest, measured']");

    private async Task KeepAsync(string label, string series, string error)
    {
        var run = SampleRuns.New(label) with { Vm = _lab.Vm("box").State.Name, Series = series, StartedAt = SampleRuns.Start.AddHours(1) };
        await _measured.AddAsync(run, Xunit.TestContext.Current.CancellationToken);
        await _measured.EndAsync(run.Id, OperationState.Failed, error, Xunit.TestContext.Current.CancellationToken);
    }

    private async Task KeepAsync(string label, params double[] iops)
    {
        var run = SampleRuns.With(label, iops) with { Vm = _lab.Vm("box").State.Name, Series = "s1" };
        await _measured.AddAsync(run with { State = OperationState.Running, EndedAt = null, Results = [] }, Xunit.TestContext.Current.CancellationToken);
        foreach (var repeat in run.Results)
        {
            await _measured.AddRepeatAsync(run.Id, repeat, Xunit.TestContext.Current.CancellationToken);
        }

        await _measured.EndAsync(run.Id, OperationState.Succeeded, error: null, Xunit.TestContext.Current.CancellationToken);
    }

    private IRenderedComponent<TraceTab> Open(VmState state, string query = "", Role role = Role.Operator)
    {
        Navigation.NavigateTo($"/vms/box/trace{query}");
        return _context.Render<TraceTab>(p => p
            .Add(t => t.Session, _lab.Vm("box")).Add(t => t.State, state).Add(t => t.Actor, new Actor("tester", role, "dashboard")));
    }

    private void Write(params string[] lines)
    {
        using var file = new FileStream(Paths.TraceLog(1), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
    }
}

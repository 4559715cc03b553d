using Bunit;
using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Tests.IoBenchmarks;
using LabNet.Tests.Vms;
using LabNet.Web.Dashboard.Vm.Benchmark;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>The benchmarks' part of a VM's page, over runs in a real file. The VM is off, whatever a test shows of it.</summary>
[Trait("suite", "unit")]
public sealed class BenchmarkTabTests : IAsyncLifetime
{
    private const string OneVm = """
        name: measured
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          x86: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
        """;

    private const string Hostile = "<img src=x onerror=alert(1)>&amp;";
    private static readonly double[] Slow = [1000, 1010, 990, 1020, 980, 1005];
    private static readonly double[] Fast = [1120, 1131, 1109, 1142, 1098, 1125];

    private readonly BunitContext _context = new();
    private readonly TestFolder _folder = new();
    private Database _database = null!;
    private IoBenchmarkStore _store = null!;
    private LabOnThisMachine _lab = null!;

    private static CancellationToken Cancellation => Xunit.TestContext.Current.CancellationToken;

    private NavigationManager Navigation => _context.Services.GetRequiredService<NavigationManager>();

    private VmState Running => Labs.Running(_lab.Vm("x86").State.Definition, Labs.Noon);

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        _lab = LabOnThisMachine.Open(OneVm);
        var time = new ManualTimeProvider(Labs.Noon);
        _store = new IoBenchmarkStore(_database, time);
        _context.Services.AddSingleton<TimeProvider>(time).AddSingleton(_store);
        _context.Services.AddSingleton(new IoBenchmarkRunner(_store, new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), time), traced: null, time));
        _context.Services.AddScoped<BenchmarkDesk>();
        _context.Services.AddRadzenComponents();
        _context.Services.AddSupplyValueFromQueryProvider();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _context.SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        await _lab.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void A_VM_that_was_never_measured_says_what_it_is_good_for_and_how_to_begin()
    {
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("Nothing was measured yet.", tab.Markup, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("svg[role=img], [aria-label='The run']"));
        Assert.Contains("how long a single read takes", tab.Find("#bench-profile-told").TextContent, StringComparison.Ordinal);
        Assert.Equal("Takes about 50 s (5 × 10 s), and some seconds to prepare.", tab.Find("#bench-lasts").TextContent);
    }

    [Fact]
    public async Task The_newest_run_is_shown_at_first_and_any_other_by_its_address()
    {
        var before = await KeepAsync(SampleRuns.With("before", Slow));
        await KeepAsync(SampleRuns.With("after", Fast) with { StartedAt = SampleRuns.Start.AddMinutes(5) });
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Equal("after", tab.Find("[aria-label='The run'] h2").TextContent));
        Assert.Equal(["after", "before"], tab.FindAll("[aria-labelledby=bench-runs] tbody th[scope=row]").Select(label => label.TextContent));
        Go(tab.FindAll("th.label a")[1].GetAttribute("href")!);
        tab.WaitForAssertion(() => Assert.Equal("before", tab.Find("[aria-label='The run'] h2").TextContent));
        Assert.Equal($"/vms/x86/benchmark?a={before.Id}", new Uri(Navigation.Uri).PathAndQuery);
        Assert.Equal("1\u2009002 requests a second, between 980 and 1\u2009020 (97 % sure)", tab.Find(".headline").TextContent);
    }

    [Fact]
    public async Task Two_runs_are_compared_by_an_address_that_can_be_passed_on()
    {
        var before = await KeepAsync(SampleRuns.With("before", Slow));
        var after = await KeepAsync(SampleRuns.With("after", Fast) with { StartedAt = SampleRuns.Start.AddMinutes(5), Device = "d1", DeviceType = "nvme" });
        var tab = Open($"?a={before.Id}");
        tab.WaitForAssertion(() => Assert.Equal("before", tab.Find("[aria-label='The run'] h2").TextContent));
        Go(tab.Find("a[aria-label='Compare after with A, as B']").GetAttribute("href")!);
        tab.WaitForAssertion(() => Assert.StartsWith("After is 12 % faster (between ", tab.Find(".verdict").TextContent.Trim(), StringComparison.Ordinal));
        Assert.Equal($"/vms/x86/benchmark?a={before.Id}&b={after.Id}", new Uri(Navigation.Uri).PathAndQuery);
        Assert.Equal("They also differ in: device: vda, d1; device type: virtio-blk-pci, nvme.", tab.Find(".differences").TextContent);
        Assert.Equal(
            ["Requests a second", "Read latency, mean", "Read latency, p50", "Read latency, p95", "Read latency, p99"],
            tab.FindAll("[aria-label='B · after, compared with A · before'] tbody th").Select(figure => figure.TextContent));
        Assert.All(tab.FindAll(".finding"), finding => Assert.Contains("95 % sure.", finding.TextContent, StringComparison.Ordinal));
        Assert.Equal(["B", "A"], tab.FindAll(".letter[aria-current=true]").Select(letter => letter.TextContent));
    }

    [Fact]
    public async Task A_series_compares_after_and_the_new_disk_with_before_at_once()
    {
        var before = SampleRuns.With("before", Slow);
        before = await KeepAsync(before with { Series = before.Id });
        await KeepAsync(SampleRuns.With("after", Slow) with { Series = before.Id, StartedAt = SampleRuns.Start.AddMinutes(1) });
        await KeepAsync(SampleRuns.With("nvme", Fast) with { Series = before.Id, StartedAt = SampleRuns.Start.AddMinutes(2), Device = "bench-1", DeviceType = "nvme" });
        await KeepAsync(SampleRuns.With("alone", Slow) with { StartedAt = SampleRuns.Start.AddMinutes(3) });
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Equal("alone", tab.Find("[aria-label='The run'] h2").TextContent));
        Assert.Equal(["alone", "before", "after", "nvme"], tab.FindAll("th.label").Select(label => label.TextContent));
        Go(tab.Find("tr.group a").GetAttribute("href")!);
        tab.WaitForAssertion(() => Assert.Equal(2, tab.FindAll(".verdict").Count));
        Assert.Equal("No difference that these 6 runs can show.", tab.FindAll(".verdict")[0].TextContent.Trim());
        Assert.StartsWith("Nvme is 12 % faster", tab.FindAll(".verdict")[1].TextContent.Trim(), StringComparison.Ordinal);
        Assert.EndsWith($"?series={before.Id}", Navigation.Uri, StringComparison.Ordinal);
        Assert.Equal("true", tab.Find("tr.group a").GetAttribute("aria-current"));
    }

    [Fact]
    public async Task What_cannot_be_compared_or_is_not_kept_is_told_and_the_rest_is_shown()
    {
        var read = await KeepAsync(SampleRuns.With("read", Slow));
        var sequential = await KeepAsync(SampleRuns.With("sequential", Slow) with { Profile = "seq-read-1m" });
        var old = await KeepAsync(SampleRuns.With("old", Slow) with { Profile = "of-another-labnet" });
        var tab = Open($"?a={read.Id}&b={sequential.Id}");
        tab.WaitForAssertion(() => Assert.Equal(
            "Only runs of one profile can be compared, and a is of rand-read-4k, b of seq-read-1m.", tab.Find("[aria-label='Not shown']").TextContent.Trim()));
        Assert.Empty(tab.FindAll(".verdict"));
        Go($"/vms/x86/benchmark?a={read.Id}&b=gone");
        tab.WaitForAssertion(() => Assert.StartsWith("There is no run “gone”.", tab.Find("[aria-label='Not shown']").TextContent.Trim(), StringComparison.Ordinal));
        Assert.Equal("read", tab.Find("[aria-label='The run'] h2").TextContent);
        Go($"/vms/x86/benchmark?a={old.Id}");
        tab.WaitForAssertion(() => Assert.Contains("This LabNet does not know the profile of-another-labnet", tab.Find("[aria-label='The run']").TextContent, StringComparison.Ordinal));
        Assert.NotEmpty(tab.FindAll("svg[role=img]"));
    }

    [Fact]
    public async Task A_run_that_failed_says_why_and_one_without_repeats_has_no_charts()
    {
        await KeepAsync(SampleRuns.New(Hostile) with { State = OperationState.Failed, Error = $"fio ended with status 1: {Hostile}" });
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains(
            $"“{Hostile}” has no repeat, because it failed: fio ended with status 1: {Hostile}", tab.Find("[aria-label='The run']").TextContent, StringComparison.Ordinal));
        Assert.Contains(Hostile, tab.Find("tbody .error").TextContent, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("img, svg[role=img]"));
    }

    [Fact]
    public async Task Each_repeat_is_shown_as_the_operation_tells_its_progress()
    {
        var run = SampleRuns.New("now");
        await _store.AddAsync(run, Cancellation);
        var operation = Labs.Begun("io-benchmark", _lab.Vm("x86").State.Definition, progress: 0) with { Id = run.Id };
        Operation? cancelled = null;
        var tab = Open(operation: operation, cancel: one => cancelled = one);
        tab.WaitForAssertion(() => Assert.Equal("now: repeat 1 of 5, 1 s each", tab.Find(".what").TextContent));
        Assert.Contains("“now” has no repeat yet", tab.Markup, StringComparison.Ordinal);
        Assert.Equal("A benchmark runs, and two would measure each other.", tab.Find("#bench-lasts").TextContent);

        await _store.AddRepeatAsync(run.Id, SampleRuns.Repeat(1, 1000), Cancellation);
        tab.Render(p => p.Add(t => t.Operation, operation with { Progress = 0.2 }));
        tab.WaitForAssertion(() => Assert.Equal("now: repeat 2 of 5, 1 s each", tab.Find(".what").TextContent));
        Assert.Contains("now: median 1\u2009000; 1\u2009000.", tab.Find("[aria-label='Requests a second'] svg").GetAttribute("aria-label"), StringComparison.Ordinal);
        await _store.AddRepeatAsync(run.Id, SampleRuns.Repeat(2, 1010), Cancellation);
        tab.Render(p => p.Add(t => t.Operation, operation with { Progress = 0.4 }));
        tab.WaitForAssertion(() => Assert.Equal(2, tab.FindAll("[aria-label='Requests a second'] .dot").Count));
        tab.Find("[aria-label='The benchmark that runs'] button").Click();
        tab.WaitForAssertion(() => Assert.Equal(0.4, cancelled?.Progress));

        await _store.EndAsync(run.Id, OperationState.Cancelled, error: null, Cancellation);
        tab.Render(p => p.Add(t => t.Operation, null));
        tab.WaitForAssertion(() => Assert.Contains("has 2 of 5 repeats, because it was cancelled.", tab.Markup, StringComparison.Ordinal));
        Assert.Empty(tab.FindAll("[aria-label='The benchmark that runs']"));
    }

    [Fact]
    public void What_the_server_refuses_stands_under_the_fields()
    {
        var tab = Open();
        tab.WaitForAssertion(() => Assert.Contains("The disks cannot be read:", tab.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        tab.Find("form").Submit();
        tab.WaitForAssertion(() => Assert.StartsWith("Not started: x86 is not running, and a guest that", tab.Find("[role=alert]").TextContent.Trim(), StringComparison.Ordinal));
        Assert.False(tab.Find("form button").HasAttribute("disabled"));
    }

    [Fact]
    public async Task A_field_with_a_mistake_says_so_at_once_and_nothing_can_be_started()
    {
        var tab = Open();
        await tab.Find("#bench-repeats").InputAsync(new ChangeEventArgs { Value = "31" });
        Assert.Equal("Repeats: 31 is not from 1 to 30.", tab.Find("#bench-mistake").TextContent);
        Assert.Equal("true", tab.Find("#bench-repeats").GetAttribute("aria-invalid"));
        Assert.True(tab.Find("form button").HasAttribute("disabled"));
        await tab.Find("#bench-repeats").InputAsync(new ChangeEventArgs { Value = "30" });
        await tab.Find("#bench-profile").ChangeAsync(new ChangeEventArgs { Value = "rand-write-4k" });
        Assert.Empty(tab.FindAll("#bench-destroys"));
        await tab.Find("#bench-target").ChangeAsync(new ChangeEventArgs { Value = "Disk" });
        Assert.Contains("destroys what is on vda", tab.Find(".consent").TextContent, StringComparison.Ordinal);
        Assert.True(tab.Find("form button").HasAttribute("disabled"));
        await tab.Find("#bench-destroys").InputAsync(new ChangeEventArgs { Value = "vda" });
        Assert.False(tab.Find("form button").HasAttribute("disabled"));
        await tab.Find("#bench-plug").ChangeAsync(new ChangeEventArgs { Value = "Nvme" });
        Assert.Contains("then the new disk itself", tab.Find("#bench-plug-told").TextContent, StringComparison.Ordinal);
        Assert.StartsWith("Takes about 15 min (3 runs of 30 × 10 s)", tab.Find("#bench-lasts").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_cannot_answer_is_not_measured_and_says_why()
    {
        var off = Open(state: new VmState(_lab.Vm("x86").State.Definition));
        Assert.Equal("x86 is off. Start it to measure its disks.", off.Find("#bench-lasts").TextContent);
        Assert.True(off.Find("form button").HasAttribute("disabled"));
        var paused = Open(state: Running with { RunState = new Core.Qmp.RunState("paused") });
        Assert.StartsWith("x86 is paused, so its guest cannot answer.", paused.Find("#bench-lasts").TextContent, StringComparison.Ordinal);
        var mute = Open(state: Running with { Agent = new GuestAgentState.Closed() });
        Assert.StartsWith("The guest's agent is not there", mute.Find("#bench-lasts").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_viewer_sees_the_runs_and_is_told_what_starting_one_needs()
    {
        await KeepAsync(SampleRuns.With("before", Slow));
        var tab = Open(role: Role.Viewer);
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("th.label")));
        Assert.Contains("you need the role operator", tab.Find("[role=note]").TextContent, StringComparison.Ordinal);
        Assert.Empty(tab.FindAll("form, [aria-label^='Delete the run']"));
    }

    [Fact]
    public async Task A_run_is_deleted_when_that_was_confirmed_and_the_audit_log_says_who_did_it()
    {
        var run = await KeepAsync(SampleRuns.With("before", Slow));
        var dialogs = _context.Services.GetRequiredService<DialogService>();
        using var audit = _lab.Feed.Subscribe(record => record.Item is AuditMarked);
        var tab = Open($"?a={run.Id}");
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("th.label")));
        tab.Find("[aria-label='Delete the run before']").Click();
        await tab.InvokeAsync(() => dialogs.Close(false));
        Assert.NotNull(_store.Find(run.Id));
        tab.Find("[aria-label='Delete the run before']").Click();
        await tab.InvokeAsync(() => dialogs.Close(true));
        tab.WaitForAssertion(() => Assert.Contains("Nothing was measured yet.", tab.Markup, StringComparison.Ordinal));
        Assert.Null(_store.Find(run.Id));
        await foreach (var record in audit.ReadAllAsync(Cancellation))
        {
            var line = ((AuditMarked)record.Item).Line;
            Assert.Equal(("tester", "io-benchmark-delete", $"rand-read-4k on vda ({run.Id})", "accepted"), (line.Actor, line.Action, line.Detail, line.Result));
            break;
        }
    }

    [Fact]
    public async Task Runs_that_cannot_be_read_are_not_an_empty_list()
    {
        await KeepAsync(SampleRuns.With("before", Slow));
        await _database.DisposeAsync();
        File.WriteAllBytes(_folder.File("lab.db"), [.. Enumerable.Repeat((byte)'x', 8192)]);
        var tab = Open();
        tab.WaitForAssertion(() => Assert.StartsWith(
            "The runs cannot be read: lab.db cannot be used: it is damaged", tab.Find("[aria-labelledby=bench-runs] [role=alert]").TextContent.Trim(), StringComparison.Ordinal));
        Assert.DoesNotContain("Nothing was measured yet.", tab.Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<BenchmarkTab> Open(
        string query = "", VmState? state = null, Role role = Role.Operator, Operation? operation = null, Action<Operation>? cancel = null)
    {
        Go($"/vms/x86/benchmark{query}");
        var tab = _context.Render<BenchmarkTab>(p => p
            .Add(t => t.Session, _lab.Vm("x86")).Add(t => t.State, state ?? Running).Add(t => t.Actor, new Actor("tester", role, "dashboard"))
            .Add(t => t.Operation, operation).Add(t => t.OnCancel, cancel ?? (_ => { })));
        tab.WaitForAssertion(() => Assert.DoesNotContain("Reads what was measured", tab.Markup, StringComparison.Ordinal));
        return tab;
    }

    private void Go(string address) => Navigation.NavigateTo(address);

    private async Task<IoBenchmark> KeepAsync(IoBenchmark run)
    {
        await _store.AddAsync(run with { State = OperationState.Running }, Cancellation);
        foreach (var repeat in run.Results)
        {
            await _store.AddRepeatAsync(run.Id, repeat, Cancellation);
        }

        await _store.EndAsync(run.Id, run.State, run.Error, Cancellation);
        return run;
    }
}

using Bunit;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Vm.Snapshots;
using Microsoft.Extensions.DependencyInjection;
using Radzen;

namespace LabNet.Tests.Dashboard;

/// <summary>What the dialogs of snapshots say before anything is done.</summary>
[Trait("suite", "unit")]
public sealed class SnapshotDialogTests : IAsyncLifetime
{
    private const string Hostile = "<script>alert(1)</script> 🙂 \u202eabc";
    private static readonly VmName Vm = Labs.Vm("x86");
    private static readonly VmState Running = Labs.Running(Labs.CrossArch().Vms[0], Labs.Noon);
    private static readonly Snapshot Target = SampleSnapshots.Of("target", minute: 1);
    private readonly BunitContext _context = new();
    private readonly List<string> _begun = [];
    private string? _refusal;
    private Task<object?> _open = null!;

    public ValueTask InitializeAsync()
    {
        _context.Services.AddSingleton<TimeProvider>(new ManualTimeProvider(Labs.Noon)).AddRadzenComponents();
        _context.JSInterop.Mode = JSRuntimeMode.Loose;
        _open = _context.Services.GetRequiredService<DialogService>().OpenAsync<TakeSnapshotDialog>("The one that each test looks at")!;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    [Fact]
    public void Taking_proposes_a_name_and_says_what_happens_to_the_guest()
    {
        var dialog = Take(Running);
        Assert.Equal("snapshot 2", dialog.Find("#snapshot-name").GetAttribute("value"));
        Assert.Equal("The guest stands still for a moment while QEMU writes what it uses of its 512 MiB of memory into its disk. It covers vda.", Told(dialog));
        var shared = (StartedVm)Running.Definition with { Share = new Share.Folder("/srv") };
        Assert.Contains(", and its shared folder is unmounted meanwhile.", Told(Take(Running with { Definition = shared })), StringComparison.Ordinal);
        Assert.StartsWith("x86 is paused, and stays so while QEMU writes", Told(Take(Running with { Definition = shared, RunState = new RunState("paused") })), StringComparison.Ordinal);
        Assert.Contains("9p shares that its agent can unmount", Told(Take(Labs.There(Labs.Attached("mine")))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "A snapshot needs a name.")]
    [InlineData("  ", "A snapshot needs a name.")]
    [InlineData("there", "There is a snapshot of this name already.")]
    [InlineData(" there ", "There is a snapshot of this name already.")]
    public void A_name_that_cannot_be_had_says_why_at_once(string name, string mistake)
    {
        var dialog = Take(Running);
        dialog.Find("#snapshot-name").Input(name);
        Assert.Equal(mistake, Told(dialog));
        Assert.Equal("true", dialog.Find("#snapshot-name").GetAttribute("aria-invalid"));
        Assert.True(dialog.Find("[type=submit]").HasAttribute("disabled"));
        dialog.Find("form").Submit();
        Assert.Empty(_begun);
    }

    [Fact]
    public void Any_name_can_be_had_that_is_short_enough()
    {
        var dialog = Take(Running);
        dialog.Find("#snapshot-name").Input(new string('x', 301));
        Assert.Contains("at most 300 characters; this one has 301", Told(dialog), StringComparison.Ordinal);
        dialog.Find("#snapshot-name").Input(Hostile);
        dialog.Find("#snapshot-note").Change(" a note\nof two lines ");
        dialog.Find("form").Submit();
        Assert.Equal([$"{Hostile}|a note\nof two lines"], _begun);
        Assert.True(_open.IsCompleted);
    }

    [Fact]
    public void What_was_refused_stands_in_the_dialog_which_stays_open()
    {
        _refusal = $"QEMU said {Hostile}";
        var dialog = Take(Running);
        dialog.Find("form").Submit();
        Assert.Equal(_refusal, dialog.Find("[role=alert]").TextContent.Trim());
        Assert.Empty(dialog.FindAll("script"));
        Assert.False(_open.IsCompleted);
        _refusal = null;
        dialog.Find("form").Submit();
        Assert.True(_open.IsCompleted);
    }

    [Fact]
    public void Restoring_keeps_what_is_now_unless_one_says_otherwise_and_then_says_what_is_lost()
    {
        var dialog = Restore(Plan(head: SampleSnapshots.Of(Hostile, minute: 2)));
        Assert.True(dialog.Find("[type=checkbox]").HasAttribute("checked"));
        Assert.Equal("Nothing is lost: what is now stands in the tree afterwards, as “before target”.", Loss(dialog));
        Assert.Equal("Keep, then restore", dialog.Find(".choice button:last-child").TextContent);
        dialog.Find("[type=checkbox]").Change(false);
        Assert.StartsWith($"Lost for good: the guest’s memory and its disks, as far as x86 changed them since “{Hostile}” (taken", Loss(dialog), StringComparison.Ordinal);
        Assert.Contains("12:02", dialog.Find("#restore-loss labnet-time").GetAttribute("title"), StringComparison.Ordinal);
        Assert.Empty(dialog.FindAll("script"));
        dialog.Find(".choice button.danger").Click();
        Assert.Equal(["keep: False"], _begun);
    }

    [Fact]
    public void Without_a_known_past_all_of_it_is_lost()
    {
        var none = Restore(Plan(head: null));
        none.Find("[type=checkbox]").Change(false);
        Assert.Equal("Lost for good: all that x86 is now, the guest’s memory and its disks. It came from no snapshot.", Loss(none));
        var doubtful = Restore(Plan(head: Target) with { HeadDoubt = "Somebody else loaded a snapshot." });
        doubtful.Find("[type=checkbox]").Change(false);
        Assert.EndsWith("What it came from is not certain: Somebody else loaded a snapshot.", Loss(doubtful), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_VM_that_is_off_nothing_can_be_kept_and_it_is_said_that_it_is_started()
    {
        var dialog = Restore(Plan(head: Target) with { IsThere = false, WhyNotKept = "x86 is off, and a snapshot keeps a machine that is there." });
        Assert.False(dialog.Find("[type=checkbox]").HasAttribute("checked"));
        Assert.True(dialog.Find("[type=checkbox]").HasAttribute("disabled"));
        Assert.Contains("Not possible: x86 is off", dialog.Find(".option").TextContent, StringComparison.Ordinal);
        Assert.Contains("x86 is off: QEMU is started, and goes on from there.", dialog.Find(".told").TextContent, StringComparison.Ordinal);
        Assert.StartsWith("Lost for good: its disks, as far as x86 changed them since “target”", Loss(dialog), StringComparison.Ordinal);
    }

    [Fact]
    public void A_QEMU_that_is_started_anew_is_announced_and_a_snapshot_that_cannot_be_loaded_is_not_offered()
    {
        var anew = Restore(Plan(head: Target) with { WhyAnew = "d1 was plugged in then and is not now." });
        Assert.StartsWith("QEMU is started anew, because its devices are others: d1 was plugged in then and is not now.", anew.Find("#restore-anew").TextContent, StringComparison.Ordinal);
        var not = Restore(Plan(head: Target) with { WhyNot = "Its file is gone." });
        Assert.Equal("Its file is gone.", not.Find("[role=alert]").TextContent.Trim());
        Assert.Equal(["Close"], not.FindAll("button").Select(button => button.TextContent));
    }

    [Theory]
    [InlineData(0, "Nothing came from it.")]
    [InlineData(1, "One snapshot came from it: that one stays whole, and the tree goes on showing where it came from.")]
    [InlineData(3, "3 snapshots came from it: they stay whole, and the tree goes on showing where they came from.")]
    public void Deleting_says_what_becomes_of_those_that_came_from_it(int children, string lineage)
    {
        var dialog = _context.Render<DeleteSnapshotDialog>(p => p.Add(d => d.Vm, Vm).Add(d => d.Snapshot, Target).Add(d => d.Children, children).Add(d => d.Begin, () => BeginAsync("delete")));
        Assert.Equal(lineage, dialog.Find("#delete-lineage").TextContent.Trim());
        Assert.Contains("with 100 MiB of memory, is gone for good. x86 itself goes on as it is.", dialog.Find(".told").TextContent, StringComparison.Ordinal);
        dialog.Find(".danger").Click();
        Assert.Equal((1, true), (_begun.Count, _open.IsCompleted));
    }

    private IRenderedComponent<TakeSnapshotDialog> Take(VmState state) => _context.Render<TakeSnapshotDialog>(p => p
        .Add(d => d.State, state).Add(d => d.Tree, SampleSnapshots.Tree("there", SampleSnapshots.Of("there"))).Add(d => d.Disks, state.Definition is StartedVm ? ["vda"] : [])
        .Add(d => d.Begin, (name, note) => BeginAsync($"{name}|{note}")));

    private IRenderedComponent<RestoreDialog> Restore(RestorePlan plan) =>
        _context.Render<RestoreDialog>(p => p.Add(d => d.Vm, Vm).Add(d => d.Plan, plan).Add(d => d.Begin, keep => BeginAsync($"keep: {keep}")));

    private static RestorePlan Plan(Snapshot? head) => new(Target, WhyNot: null, WhyAnew: null, IsThere: true, WhyNotKept: null, head, HeadDoubt: null);

    private Task<string?> BeginAsync(string what)
    {
        _begun.Add(what);
        return Task.FromResult(_refusal);
    }

    private static string Told(IRenderedComponent<TakeSnapshotDialog> dialog) => Words(dialog.Find("#snapshot-told"));

    private static string Loss(IRenderedComponent<RestoreDialog> dialog) => Words(dialog.Find("#restore-loss"));

    private static string Words(AngleSharp.Dom.IElement element) => string.Join(' ', element.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

using LabNet.Core.Feed;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>
/// Pictures of a VM's snapshots in states that a real lab seldom shows, to be looked at by a person:
/// <c>LabNet.Tests -explicit only -class LabNet.Tests.Dashboard.SnapshotsScreenshots</c>. Where they go and which are taken, as of <see cref="Screenshots"/>.
/// </summary>
[Trait("suite", "browser")]
public sealed class SnapshotsScreenshots
{
    private const string Path = "/vms/x86/snapshots";

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    [Fact(Explicit = true)]
    public Task None() => Screenshots.TakeAsync("snapshots-none", Labs.CrossArch(), host => Publish(host, SampleSnapshots.Tree(head: null)), path: Path);

    [Fact(Explicit = true)]
    public Task A_tree_with_branches_as_a_viewer_sees_it() =>
        Screenshots.TakeAsync("snapshots-viewer", Labs.CrossArch(), host => Publish(host, Branches()), Role.Viewer, $"{Path}?a=b&b=now");

    [Fact(Explicit = true)]
    public Task Forty_in_many_branches_with_long_names() =>
        Screenshots.TakeAsync("snapshots-forty", Labs.CrossArch(), host => Publish(host, Forty()), path: $"{Path}?a=s39&b=s38");

    [Fact(Explicit = true)]
    public Task A_past_in_doubt_and_disks_that_cannot_be_asked() => Screenshots.TakeAsync("snapshots-doubt", Labs.CrossArch(), host =>
    {
        Publish(host, Branches() with { HeadDoubt = "Somebody else loaded a snapshot (QEMU's job x): which one, QEMU does not tell.", Debt = GuestDebt.Clock });
        host.Publish(Labs.Running(host.Lab.Vms[0], Now.AddMinutes(-12)));
    }, path: Path);

    [Fact(Explicit = true)]
    public Task One_under_way() => Screenshots.TakeAsync("snapshots-under-way", Labs.CrossArch(), host =>
    {
        Publish(host, Branches());
        host.Publish(Labs.Running(host.Lab.Vms[0], Now.AddMinutes(-12), "save-vm"));
        host.Publish(new OperationChanged(Labs.Begun("snapshot", host.Lab.Vms[0], 0.43) with { Detail = "kernel 6.12 built", StartedAt = Now.AddSeconds(-2) }));
    }, path: Path);

    [Fact(Explicit = true)]
    public Task One_that_failed() => Screenshots.TakeAsync("snapshots-failed", Labs.CrossArch(), host =>
    {
        Publish(host, Branches());
        host.Publish(new OperationChanged(Labs.Begun("snapshot", host.Lab.Vms[0]) with
        {
            Detail = "kernel 6.12 built",
            StartedAt = Now.AddSeconds(-9),
            EndedAt = Now.AddSeconds(-4),
            State = OperationState.Failed,
            Error = "QEMU could not take the snapshot: Error while writing VM state: No space left on device",
        }));
    }, path: Path);

    [Fact(Explicit = true)]
    public Task Deleting_one() => Screenshots.TakeAsync("snapshots-delete", Labs.CrossArch(), host => Publish(host, Forty()), path: Path, after: async (_, page) =>
    {
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Delete “xxx", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)) }).First.ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
    });

    private static void Publish(DashboardHost host, SnapshotTree tree) => host.Feed.Publish(new FeedSource("x86"), new SnapshotsChanged(tree));

    private static SnapshotTree Branches() => SampleSnapshots.Tree(
        "e",
        At("a", parent: null, minutes: 300) with { Name = "fresh", Note = "just installed" },
        At("b", "a", 250) with { Name = "toolchain there" },
        At("c", "b", 200) with { Name = "kernel built", Note = "6.12, with the config of the distribution and lockdep" },
        At("x", "b", 190) with { Name = "try with clang", Standing = SnapshotStanding.Deleted },
        At("y", "x", 150) with { Name = "clang works" },
        At("z", parent: null, 100) with { Name = "by-hand", Origin = SnapshotOrigin.External, Machine = null, Actor = null, VmStateBytes = 0 },
        At("w", "c", 90) with { Name = "gone behind our back", Standing = SnapshotStanding.Gone },
        At("d", "w", 40) with { Name = "before the driver is loaded" },
        At("e", "c", 5) with { Name = "module loaded" });

    private static SnapshotTree Forty()
    {
        string[] names =
        [
            string.Concat(Enumerable.Repeat("long names wrap and are cut ", 11))[..300],
            new('x', 300),
            "🙂🚀👩‍👩‍👧‍👦 emoji",
            "לפני השדרוג (before)",
            "\u202ereversed\u202c <b>markup</b> & \"quotes\" / slashes",
            "نسخة قبل التحديث",
        ];
        return SampleSnapshots.Tree("s39", [.. Enumerable.Range(0, 40).Select(number => At($"s{number}", number == 0 ? null : $"s{Math.Max(0, number - 1 - (number * 7 % 11))}", 400 - (10 * number)) with
        {
            Name = number % 3 == 0 ? names[number / 3 % names.Length] : $"step {number}",
            Note = number % 5 == 0 ? string.Concat(Enumerable.Repeat("a note of many words ", 20)) : "",
        })]);
    }

    private static Snapshot At(string id, string? parent, int minutes) => SampleSnapshots.Of(id, parent) with { TakenAt = Now.AddMinutes(-minutes), VmStateBytes = (long)(minutes * 700_000) };
}

using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

/// <summary>The lineage, which QEMU does not keep.</summary>
[Trait("suite", "unit")]
public sealed class SnapshotTreeTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void A_save_comes_from_the_head_and_a_load_moves_the_head()
    {
        var tree = Empty().Taken(Of("a")).Taken(Of("b")).Loaded(Id("a")).Taken(Of("c"));
        Assert.Equal([null, "a", "a"], tree.Snapshots.Select(one => one.Parent?.Text));
        Assert.Equal(Id("c"), tree.Head);
        Assert.Equal(["c", "a"], tree.LineOf(Id("c")).Select(one => one.Id.Text));
    }

    [Fact]
    public void Deleting_a_middle_one_keeps_the_lineage_and_deleting_an_end_leaves_nothing()
    {
        var tree = Empty().Taken(Of("a")).Taken(Of("b")).Taken(Of("c")).Deleted(Id("b"));
        Assert.Equal(["a", "b", "c"], tree.Snapshots.Select(one => one.Id.Text));
        Assert.Equal(Id("a"), tree.ParentThereOf(tree.Find(Id("c"))!)!.Id);

        // The head's own line stays, also when the head itself is deleted: what comes next comes from it.
        Assert.Equal(["a", "b", "c"], tree.Deleted(Id("c")).Snapshots.Select(one => one.Id.Text));
        Assert.Equal(["a"], tree.Loaded(Id("a")).Deleted(Id("c")).Snapshots.Select(one => one.Id.Text));
    }

    [Fact]
    public void What_others_made_has_no_parent_and_what_others_deleted_is_told_as_gone()
    {
        var tree = Empty().Taken(Of("a")).Taken(Of("b")).Taken(Of("c"));
        var after = tree.Reconcile([Held("a"), Held("c"), Held("x")]);
        Assert.Equal(SnapshotStanding.Gone, after.Find(Id("b"))!.Standing);
        var found = Assert.Single(after.Snapshots, one => one.Origin == SnapshotOrigin.External);
        Assert.Equal(("x", null, SnapshotStanding.There), (found.Tag, found.Parent, found.Standing));
        Assert.Equal(Id("c"), after.Head);

        Assert.Same(after, after.Reconcile([Held("a"), Held("c"), Held("x")]));
        Assert.Equal(SnapshotStanding.There, after.Reconcile([Held("a"), Held("b"), Held("c"), Held("x")]).Find(Id("b"))!.Standing);
    }

    [Fact]
    public void A_tag_that_was_given_again_is_another_snapshot()
    {
        var tree = Empty().Taken(Of("a")).Taken(Of("b"));
        var after = tree.Reconcile([Held("a"), Held("b") with { VmClockNs = 99 }]);
        Assert.Equal(SnapshotStanding.Gone, after.Find(Id("b"))!.Standing);
        Assert.Equal("b", Assert.Single(after.There, one => one.Origin == SnapshotOrigin.External).Tag);
    }

    [Fact]
    public void What_is_being_saved_is_nobody_elses()
    {
        var step = new SnapshotStep(SnapshotStepKind.Save, Id("b"), "b", WasRunning: true, Start, Of("b"));
        var tree = Empty().Taken(Of("a")).Begin(step);
        Assert.Same(tree, tree.Reconcile([Held("a"), Held("b")]));
    }

    [Fact]
    public void After_a_doubt_the_next_one_has_no_parent_and_ends_it()
    {
        var tree = Empty().Taken(Of("a")).Doubt("Somebody else loaded a snapshot.").Taken(Of("b"));
        Assert.Null(tree.Find(Id("b"))!.Parent);
        Assert.Equal((Id("b"), null), (tree.Head!.Value, tree.HeadDoubt));
    }

    /// <summary>Where it was not brought back, what it is given changes nothing.</summary>
    [Fact]
    public void A_guest_that_may_have_been_brought_back_is_owed_its_shares_and_the_time()
    {
        var loading = Empty().Taken(Of("a")).Begin(new SnapshotStep(SnapshotStepKind.Load, Id("a"), "a", WasRunning: true, Start));
        SnapshotTree[] ends = [loading.Loaded(Id("a")), loading.Doubt("LabNet ended."), loading.GiveUpLoad()];
        Assert.All(ends, tree => Assert.Equal((GuestDebt.Shares | GuestDebt.Clock, null), (tree.Debt, tree.Step)));
    }

    [Fact]
    public void A_tree_is_found_again_as_it_was_in_its_document()
    {
        var step = new SnapshotStep(SnapshotStepKind.Load, Id("a"), "a", WasRunning: true, Start);
        var taken = Of("a") with { Machine = new SnapshotMachine(new Version(7, 2, 22), ["vda"], []) };
        var tree = Empty().Taken(taken).Deleted(Id("a")).Begin(step).Owe(GuestDebt.Shares | GuestDebt.Clock) with { Revision = 7 };
        using var folder = new TestFolder();
        SnapshotDocument.WriteTo(folder.Path, tree);
        var again = SnapshotDocument.ReadFrom(folder.Path)!;
        Assert.Equal(SnapshotDocument.Format(tree), SnapshotDocument.Format(again));
        Assert.Equal((tree.Head, tree.Step, tree.Debt, tree.Revision), (again.Head, again.Step, again.Debt, again.Revision));
        Assert.DoesNotContain("isThere", SnapshotDocument.Format(tree), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("before driver", "before-driver")]
    [InlineData("it's \"quoted\" / 🙂 \\", "it-s-quoted")]
    [InlineData("7", "s-7")]
    [InlineData("--help", "help")]
    [InlineData("🙂", "snapshot")]
    [InlineData("../../etc", "etc")]
    [InlineData("vm-1.2_x", "vm-1.2_x")]
    public void A_tag_is_safe_and_reads_like_the_name(string name, string tag) =>
        Assert.Equal(tag, SnapshotTag.For(name, ImmutableHashSet<string>.Empty));

    [Fact]
    public void A_tag_is_none_of_those_in_use_and_not_too_long()
    {
        Assert.Equal("a-3", SnapshotTag.For("a", new HashSet<string> { "a", "a-2" }));
        Assert.InRange(SnapshotTag.For(new string('x', 300), new HashSet<string>()).Length, 1, 64);
    }

    [Theory]
    [InlineData("", "needs a name")]
    [InlineData(" ", "needs a name")]
    [InlineData("a\nb", "control characters")]
    public void A_name_that_is_none_is_told(string name, string told) => Assert.Contains(told, SnapshotTag.MistakeOf(name), StringComparison.Ordinal);

    [Fact]
    public void A_name_of_300_characters_is_one_and_a_longer_one_is_told()
    {
        Assert.Null(SnapshotTag.MistakeOf(new string('ü', 300)));
        Assert.Contains("at most 300", SnapshotTag.MistakeOf(new string('x', 301)), StringComparison.Ordinal);
    }

    private static SnapshotTree Empty() => SnapshotTree.Empty(VmName.Parse("box"));

    private static SnapshotId Id(string text) => new(text);

    private static Snapshot Of(string text) => new(
        Id(text), text, text, Note: "", Parent: null, SnapshotOrigin.LabNet, SnapshotStanding.There, Start, VmClockNs: 1, VmStateBytes: 2, Actor: "tester");

    private static HeldSnapshot Held(string tag) => new(tag, Start, VmClockNs: 1, VmStateBytes: 2, ["vda"]);
}

using LabNet.Core.Snapshots;
using LabNet.Web.Dashboard.Vm.Snapshots;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class SnapshotLanesTests
{
    [Fact]
    public void Without_a_snapshot_there_is_only_what_is_now()
    {
        var lanes = SnapshotLanes.Of(SampleSnapshots.Tree(head: null));
        Assert.Equal((1, 1), (lanes.Count, lanes.Rows.Length));
        Assert.Null(lanes.Rows[0].Snapshot);
        Assert.False(lanes.Rows[0].GoesOn);
    }

    [Fact]
    public void A_line_of_snapshots_stands_in_one_lane_with_the_newest_at_the_top() => Expect(
        SampleSnapshots.Tree("c", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a"), SampleSnapshots.Of("c", "b")),
        "now 0 < > ↓c",
        "c 0 <0 > ↓b",
        "b 0 <0 > ↓a",
        "a 0 <0 >");

    [Fact]
    public void What_was_done_after_a_way_back_is_a_branch_that_comes_down_to_where_it_began() => Expect(
        SampleSnapshots.Tree("d", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a"), SampleSnapshots.Of("c", "b"), SampleSnapshots.Of("d", "a")),
        "now 0 < > ↓d",
        "d 0 <0 > ↓a",
        "c 1 < >0 ↓b",
        "b 1 <1 >0 ↓a",
        "a 0 <0,1 >");

    [Fact]
    public void The_machine_that_was_brought_back_and_changed_nothing_yet_is_a_branch_too() => Expect(
        SampleSnapshots.Tree("a", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a")),
        "now 0 < > ↓a",
        "b 1 < >0 ↓a",
        "a 0 <0,1 >");

    [Fact]
    public void A_lane_that_has_become_free_is_used_again() => Expect(
        SampleSnapshots.Tree("e", SampleSnapshots.Of("x"), SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a"), SampleSnapshots.Of("c", "a"), SampleSnapshots.Of("e", "c")),
        "now 0 < > ↓e",
        "e 0 <0 > ↓c",
        "c 0 <0 > ↓a",
        "b 1 < >0 ↓a",
        "a 0 <0,1 >",
        "x 0 < >");

    [Fact]
    public void One_that_was_made_elsewhere_has_no_line_below_it_also_where_others_came_from_it() => Expect(
        SampleSnapshots.Tree(
            "b", SampleSnapshots.Of("a"), SampleSnapshots.Of("other") with { Origin = SnapshotOrigin.External }, SampleSnapshots.Of("b", "other")),
        "now 0 < > ↓b",
        "b 0 <0 > ↓other",
        "other 0 <0 >",
        "a 0 < >");

    [Fact]
    public void A_deleted_one_keeps_its_place_in_the_line() => Expect(
        SampleSnapshots.Tree("c", SampleSnapshots.Of("a"), SampleSnapshots.Of("b", "a") with { Standing = SnapshotStanding.Deleted }, SampleSnapshots.Of("c", "b")),
        "now 0 < > ↓c",
        "c 0 <0 > ↓b",
        "b 0 <0 > ↓a",
        "a 0 <0 >");

    [Fact]
    public void Where_the_clock_was_set_back_lineage_goes_before_time() => Expect(
        SampleSnapshots.Tree(
            "c",
            SampleSnapshots.Of("a", minute: 50),
            SampleSnapshots.Of("b", "a", minute: 10),
            SampleSnapshots.Of("c", "b", minute: 5),
            SampleSnapshots.Of("between", minute: 30)),
        "now 0 < > ↓c",
        "c 0 <0 > ↓b",
        "b 0 <0 > ↓a",
        "a 0 <0 >",
        "between 0 < >");

    [Fact]
    public void A_parent_that_nobody_knows_or_that_came_later_is_none() => Expect(
        SampleSnapshots.Tree("gone", SampleSnapshots.Of("a", "lost"), SampleSnapshots.Of("b", "c"), SampleSnapshots.Of("c", "b")),
        "now 0 < >",
        "c 0 < > ↓b",
        "b 0 <0 >",
        "a 0 < >");

    [Fact]
    public void The_machines_own_line_is_known_until_it_comes_down_to_the_head()
    {
        var lanes = SnapshotLanes.Of(SampleSnapshots.Tree("a", SampleSnapshots.Of("x"), SampleSnapshots.Of("a", "x"), SampleSnapshots.Of("b", "a")));
        Assert.Equal([("b", 0), ("a", 0), ("x", null)], lanes.Rows.Skip(1).Select(row => (row.Snapshot!.Name, row.NowLane)));
    }

    /// <summary>Whatever the tree: each line begins at a dot, goes on without a gap, and ends at the dot of what it came from.</summary>
    [Fact]
    public void No_line_begins_or_ends_in_the_air()
    {
        var random = Seed.Print();
        for (var round = 0; round < 300; round++)
        {
            var names = Enumerable.Range(0, random.Next(1, 40)).Select(number => $"s{number}").ToArray();
            var tree = SampleSnapshots.Tree(
                random.Next(4) == 0 ? null : names[random.Next(names.Length)],
                [.. names.Select((name, place) => SampleSnapshots.Of(name, place == 0 || random.Next(6) == 0 ? null : names[random.Next(place)], random.Next(60)))]);
            var lanes = SnapshotLanes.Of(tree);
            var open = new Dictionary<int, string>();
            foreach (var row in lanes.Rows)
            {
                Assert.Equal(row.From, open.Where(line => line.Value == row.Snapshot?.Name).Select(line => line.Key).Order());
                Assert.All(row.From, lane => open.Remove(lane));
                Assert.Equal(row.Passing, open.Keys.Order());
                Assert.DoesNotContain(row.Lane, row.Passing);
                Assert.InRange(row.Lane, 0, lanes.Count - 1);
                if (row.Parent is { } parent)
                {
                    open[row.Lane] = parent.Name;
                }
            }

            Assert.Empty(open);
            Assert.Equal(tree.Snapshots.Length + 1, lanes.Rows.Length);
        }
    }

    private static void Expect(SnapshotTree tree, params string[] rows) => Assert.Equal(
        rows,
        SnapshotLanes.Of(tree).Rows.Select(row =>
            $"{row.Snapshot?.Name ?? "now"} {row.Lane} <{string.Join(',', row.From)} >{string.Join(',', row.Passing)}{(row.Parent is { } parent ? $" ↓{parent.Name}" : "")}"));
}

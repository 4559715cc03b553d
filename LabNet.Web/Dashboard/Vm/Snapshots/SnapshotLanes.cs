using System.Collections.Immutable;
using LabNet.Core.Snapshots;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>One line of the drawn tree: its dot, and the lines that pass it.</summary>
/// <param name="Snapshot">Null for the machine as it is now.</param>
/// <param name="Parent">What it came from; null where that is nothing, or nobody knows.</param>
/// <param name="Lane">Where its dot stands, from 0 at the left.</param>
/// <param name="From">The lanes whose lines come down to the dot.</param>
/// <param name="Passing">The lanes whose lines go on below, past the dot.</param>
public sealed record SnapshotRow(Snapshot? Snapshot, Snapshot? Parent, int Lane, ImmutableArray<int> From, ImmutableArray<int> Passing)
{
    public bool GoesOn => Parent is not null;

    /// <summary>The lane of the machine's own line where it comes down to this row's dot or passes it; null where it does not.</summary>
    public int? NowLane { get; init; }
}

/// <summary>
/// A VM's snapshots as a drawing: the machine as it is now at the top, then the newest, each below all that came from it. A line keeps its
/// lane down to what it came from, and a lane that has become free is used again.
/// </summary>
/// <param name="Count">How many lanes the drawing is wide.</param>
public sealed record SnapshotLanes(ImmutableArray<SnapshotRow> Rows, int Count)
{
    public static SnapshotLanes Of(SnapshotTree tree)
    {
        var parents = ParentsOf(tree.Snapshots);
        var head = tree.Head is { } id ? tree.Find(id) : null;
        var rows = new List<SnapshotRow> { new(Snapshot: null, head, Lane: 0, From: [], Passing: []) };

        // By lane: the snapshot to which its line comes down.
        var lanes = new List<Snapshot?> { head };
        var now = head;
        foreach (var snapshot in InOrder(tree.Snapshots, parents))
        {
            int[] from = [.. Enumerable.Range(0, lanes.Count).Where(lane => lanes[lane] == snapshot)];
            var lane = from is [var first, ..] ? first : FreeLane(lanes);
            Array.ForEach(from, one => lanes[one] = null);
            int[] passing = [.. Enumerable.Range(0, lanes.Count).Where(one => lanes[one] is not null)];
            var parent = parents.GetValueOrDefault(snapshot);
            rows.Add(new SnapshotRow(snapshot, parent, lane, [.. from], [.. passing]) { NowLane = now is null ? null : 0 });
            lanes[lane] = parent;
            now = now == snapshot ? null : now;
        }

        return new SnapshotLanes([.. rows], lanes.Count);
    }

    private static int FreeLane(List<Snapshot?> lanes)
    {
        var lane = lanes.IndexOf(null);
        if (lane < 0)
        {
            lanes.Add(null);
            lane = lanes.Count - 1;
        }

        return lane;
    }

    /// <summary>A tree's snapshots stand in the order in which they were known, so that a parent comes before its children; what says otherwise is no lineage.</summary>
    private static Dictionary<Snapshot, Snapshot> ParentsOf(ImmutableArray<Snapshot> snapshots)
    {
        var known = new Dictionary<SnapshotId, Snapshot>();
        var parents = new Dictionary<Snapshot, Snapshot>(ReferenceEqualityComparer.Instance);
        foreach (var snapshot in snapshots)
        {
            if (snapshot.Parent is { } id && known.TryGetValue(id, out var parent))
            {
                parents[snapshot] = parent;
            }

            known[snapshot.Id] = snapshot;
        }

        return parents;
    }

    /// <summary>The newest first; where QEMU's clock was set back in between, lineage goes before time.</summary>
    private static IEnumerable<Snapshot> InOrder(ImmutableArray<Snapshot> snapshots, Dictionary<Snapshot, Snapshot> parents)
    {
        var times = new Dictionary<Snapshot, DateTimeOffset>(ReferenceEqualityComparer.Instance);
        foreach (var snapshot in snapshots)
        {
            var least = parents.TryGetValue(snapshot, out var parent) ? times[parent] : DateTimeOffset.MinValue;
            times[snapshot] = snapshot.TakenAt > least ? snapshot.TakenAt : least;
        }

        return snapshots.Reverse().OrderByDescending(snapshot => times[snapshot]);
    }
}

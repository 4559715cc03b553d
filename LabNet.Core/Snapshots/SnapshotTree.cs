using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Core.Snapshots;

/// <summary>
/// A VM's snapshots and where they came from. QEMU keeps no lineage: a save's parent is the head, and a load moves the head. Immutable; every
/// change is one of the methods here.
/// </summary>
/// <param name="Snapshots">In the order in which they were taken, or seen.</param>
/// <param name="Head">What the running machine, or its disk, came from; null before the first snapshot.</param>
/// <param name="HeadDoubt">Why the head may be another one, in words; null if it is certain.</param>
public sealed record SnapshotTree(VmName Vm, ImmutableArray<Snapshot> Snapshots, SnapshotId? Head, string? HeadDoubt)
{
    /// <summary>What is under way, or was when LabNet ended; null for nothing.</summary>
    public SnapshotStep? Step { get; init; }

    /// <summary>What the guest has to be given when it can be asked: it stands without its shares, or in another time.</summary>
    public GuestDebt Debt { get; init; }

    /// <summary>Grows with each change that is kept.</summary>
    public long Revision { get; init; }

    /// <summary>A guest that was brought back, or may have been: it stands as it was when it was saved.</summary>
    private const GuestDebt OfAnother = GuestDebt.Shares | GuestDebt.Clock;

    public static SnapshotTree Empty(VmName vm) => new(vm, [], Head: null, HeadDoubt: null);

    public IEnumerable<Snapshot> There => Snapshots.Where(one => one.IsThere);

    public Snapshot? Find(SnapshotId id) => Snapshots.FirstOrDefault(one => one.Id == id);

    /// <summary>By its id, or by the tag or the name of one that is there: people and scripts know those.</summary>
    public Snapshot? FindByWord(string word) =>
        Find(new SnapshotId(word)) ?? There.FirstOrDefault(one => one.Tag == word) ?? There.FirstOrDefault(one => one.Name == word);

    /// <summary>The nearest ancestor that is there.</summary>
    public Snapshot? ParentThereOf(Snapshot snapshot)
    {
        var parent = snapshot.Parent is { } id ? Find(id) : null;
        while (parent is { IsThere: false })
        {
            parent = parent.Parent is { } next ? Find(next) : null;
        }

        return parent;
    }

    /// <summary>From the one given to the root; the one given comes first.</summary>
    public IEnumerable<Snapshot> LineOf(SnapshotId id)
    {
        for (var one = Find(id); one is not null; one = one.Parent is { } parent ? Find(parent) : null)
        {
            yield return one;
        }
    }

    internal SnapshotTree Begin(SnapshotStep step) => this with { Step = step };

    /// <summary>What was under way did not happen.</summary>
    internal SnapshotTree GiveUp() => this with { Step = null };

    internal SnapshotTree Taken(Snapshot snapshot) => this with
    {
        // A parent that is not certain is none.
        Snapshots = Snapshots.Add(snapshot with { Parent = HeadDoubt is null ? Head : null }),
        Head = snapshot.Id,
        HeadDoubt = null,
        Step = null,
    };

    /// <param name="doubt">Why it may be otherwise; null if QEMU said that it went well.</param>
    internal SnapshotTree Loaded(SnapshotId id, string? doubt = null) =>
        (this with { Head = id, HeadDoubt = doubt, Step = null, Debt = OfAnother }).Pruned();

    internal SnapshotTree Doubt(string why) => this with { HeadDoubt = why, Step = null, Debt = OfAnother };

    /// <summary>A load that did not come to its end, as far as one knows: the guest may be another one all the same.</summary>
    internal SnapshotTree GiveUpLoad() => GiveUp() with { Debt = OfAnother };

    internal SnapshotTree Owe(GuestDebt debt) => debt == Debt ? this : this with { Debt = debt };

    internal SnapshotTree Deleted(SnapshotId id) => (this with
    {
        Snapshots = [.. Snapshots.Select(one => one.Id == id ? one with { Standing = SnapshotStanding.Deleted } : one)],
        Step = null,
    }).Pruned();

    internal SnapshotTree Renamed(SnapshotId id, string note) => this with
    {
        Snapshots = [.. Snapshots.Select(one => one.Id == id ? one with { Note = note } : one)],
    };

    /// <summary>Compares the tree with what the disks hold. What others made comes in without a parent, and what others deleted is told as gone.</summary>
    internal SnapshotTree Reconcile(IReadOnlyList<HeldSnapshot> held)
    {
        var known = Snapshots.Select(one => (one.IsThere, held.Any(one.IsHeldAs)) switch
        {
            (true, false) => one with { Standing = SnapshotStanding.Gone },
            (false, true) => one with { Standing = SnapshotStanding.There },
            _ => one,
        }).ToImmutableArray();
        var found = held.Where(one => !known.Any(snapshot => snapshot.IsHeldAs(one)) && one.Tag != Step?.Tag).Select(one => new Snapshot(
            SnapshotId.New(), one.Tag, one.Tag, Note: "", Parent: null, SnapshotOrigin.External, SnapshotStanding.There, one.TakenAt, one.VmClockNs, one.VmStateBytes, Actor: null));
        var all = known.AddRange(found);
        return all.SequenceEqual(Snapshots) ? this : (this with { Snapshots = all }).Pruned();
    }

    /// <summary>One that is not there stays only while something that is there, or the head, came from it.</summary>
    private SnapshotTree Pruned()
    {
        var needed = There.Select(one => one.Id).Concat(Head is { } head ? [head] : []).SelectMany(LineOf).Select(one => one.Id).ToHashSet();
        return Snapshots.All(one => needed.Contains(one.Id)) ? this : this with { Snapshots = [.. Snapshots.Where(one => needed.Contains(one.Id))] };
    }
}

public enum SnapshotStepKind
{
    Save,
    Load,
    Delete,

    /// <summary>The guest stands still for a moment, so that its disks can be looked at.</summary>
    Look,
}

/// <summary>
/// Something that QEMU is about to do, written down before it is asked, so that a LabNet that comes later can find out what became of it.
/// </summary>
/// <param name="Id">The snapshot's; of a save the one that it will have.</param>
/// <param name="WasRunning">Whether the guest is to run afterwards.</param>
/// <param name="Draft">Of a save: what it will be but for what only QEMU knows.</param>
public sealed record SnapshotStep(SnapshotStepKind Kind, SnapshotId Id, string Tag, bool WasRunning, DateTimeOffset Since, Snapshot? Draft = null)
{
    /// <summary>What QEMU knows it by.</summary>
    internal string JobId => $"labnet-{Kind.ToString().ToLowerInvariant()}-{Id}";
}

/// <summary>What a guest lacks after a snapshot.</summary>
[Flags]
public enum GuestDebt
{
    None = 0,

    /// <summary>Its 9p shares were unmounted.</summary>
    Shares = 1,

    /// <summary>Its clock stands where it stood.</summary>
    Clock = 2,
}

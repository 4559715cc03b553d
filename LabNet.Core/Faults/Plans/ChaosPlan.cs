using System.Collections.Immutable;

namespace LabNet.Core.Faults;

/// <summary>Faults that come by chance, and what has to hold all the same. Read from YAML by <see cref="ChaosPlanFile"/>.</summary>
/// <param name="Name">For people and file names: as names of the lab file.</param>
/// <param name="Seed">Together with the plan and the lab it makes the schedule.</param>
/// <param name="Duration">From the first fault that may come to the last that has to be over.</param>
/// <param name="Settle">How long what has to hold afterwards may take to hold.</param>
public sealed record ChaosPlan(
    string Name,
    ulong Seed,
    TimeSpan Duration,
    TimeSpan Settle,
    ImmutableArray<ChaosFault> Faults,
    ImmutableArray<SteadyCheck> Checks,
    ChaosStop Stop)
{
    /// <summary>What every JSON parser reads exactly (RFC 8259 § 6).</summary>
    public const ulong SeedMax = (1UL << 53) - 1;
}

/// <summary>One sort of fault of a plan, and when it comes.</summary>
/// <param name="Name">Unique in the plan; its chance is drawn by it.</param>
/// <param name="Targets">Which VMs it may come to.</param>
/// <param name="PicksOne">Whether each time chance picks one of them; else it comes to each on its own.</param>
/// <param name="At">When first, from the plan's beginning, in milliseconds.</param>
/// <param name="Every">From one to the next, in milliseconds; null for once.</param>
/// <param name="CountMax">At most so often for each target; null for as often as fits.</param>
/// <param name="ChancePercent">Each time it comes with this chance only.</param>
/// <param name="Duration">In milliseconds; null of what has none.</param>
public sealed record ChaosFault(
    string Name,
    VmSelector Targets,
    bool PicksOne,
    Distribution At,
    Distribution? Every,
    int? CountMax,
    double ChancePercent,
    Distribution? Duration,
    FaultTemplate Template);

/// <summary>What ends a run early; its faults are then lifted at once.</summary>
/// <param name="FailedChecks">So many checks that failed; null for none.</param>
/// <param name="VmLost">Whether a VM whose QEMU ended and that does not come back within the plan's settle time ends it.</param>
public sealed record ChaosStop(int? FailedChecks, bool VmLost);

/// <summary>When a check is made.</summary>
[Flags]
public enum CheckTime
{
    None = 0,

    /// <summary>Before the first fault: where it fails, none comes.</summary>
    Before = 1,

    /// <summary>Again and again while faults come.</summary>
    During = 2,

    /// <summary>When all faults are lifted; it has the plan's settle time to hold.</summary>
    After = 4,
}

/// <summary>What has to hold: the steady state.</summary>
/// <param name="Name">Unique in the plan.</param>
/// <param name="Every">From one check to the next during the plan.</param>
/// <param name="Patience">Later than that an answer does not count.</param>
public abstract record SteadyCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience)
{
    /// <summary>The word of the plan file.</summary>
    public abstract string Kind { get; }
}

/// <summary>A program in each target's guest exits with 0.</summary>
public sealed record ProgramCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience, VmSelector Targets, ImmutableArray<string> Command)
    : SteadyCheck(Name, When, Every, Patience)
{
    public override string Kind => "program";
}

/// <summary>Each of some VMs pings each of others over the links that they have in common, and loses less than so much.</summary>
/// <param name="LossBelowPercent">Of all pings of a pair.</param>
/// <param name="Packets">Of a pair.</param>
public sealed record PingCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience, VmSelector From, VmSelector To, double LossBelowPercent, int Packets)
    : SteadyCheck(Name, When, Every, Patience)
{
    public override string Kind => "ping";
}

/// <summary>A server answers when it is asked from a guest, by the guest's Python.</summary>
public sealed record HttpCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience, VmSelector From, Uri Url, int Status)
    : SteadyCheck(Name, When, Every, Patience)
{
    public override string Kind => "http";
}

/// <summary>fio writes and reads back in each target's guest, and finds no error and no byte that is another one.</summary>
/// <param name="Seconds">How long it does so each time.</param>
public sealed record FioCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience, VmSelector Targets, int Seconds)
    : SteadyCheck(Name, When, Every, Patience)
{
    public override string Kind => "fio";
}

/// <summary>The kernel writes nothing on each target's console that tells of a fault of its own.</summary>
public sealed record ConsoleCheck(string Name, CheckTime When, TimeSpan Every, TimeSpan Patience, VmSelector Targets)
    : SteadyCheck(Name, When, Every, Patience)
{
    public override string Kind => "console";
}

using System.Security.Cryptography;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>A fault's name for good: <c>f-</c> and ten characters.</summary>
public readonly record struct FaultId(string Text)
{
    private const int Characters = 10;

    /// <summary>Small letters and digits that nobody takes for one another.</summary>
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

    public static FaultId New() => new("f-" + RandomNumberGenerator.GetString(Alphabet, Characters));

    public override string ToString() => Text;
}

public enum FaultState
{
    /// <summary>It is written down, and not yet in force.</summary>
    Planned,

    /// <summary>It is in force.</summary>
    Active,

    /// <summary>It was in force and is over.</summary>
    Lifted,

    /// <summary>It never came into force, or could not be lifted.</summary>
    Failed,
}

/// <summary>Why a fault is over.</summary>
public enum FaultEnd
{
    /// <summary>Its time was up. Of a momentary one: it happened.</summary>
    Time,

    /// <summary>Somebody asked for it.</summary>
    Asked,

    /// <summary>The QEMU that had it is gone, or the device.</summary>
    VmGone,

    /// <summary>LabNet was started anew, and what it needed to hold the fault had ended with the one before.</summary>
    Restarted,

    /// <summary>A snapshot was to be taken or restored.</summary>
    SnapshotTaken,

    /// <summary>The chaos run that it belonged to ended.</summary>
    RunEnded,
}

public static class FaultWords
{
    /// <summary>The word of the REST contract.</summary>
    public static string Word(this FaultState state) => state.ToString().ToLowerInvariant();

    /// <summary>The word of the REST contract, such as <c>vm-gone</c>.</summary>
    public static string Word(this FaultEnd end) => end switch
    {
        FaultEnd.VmGone => "vm-gone",
        FaultEnd.SnapshotTaken => "snapshot-taken",
        FaultEnd.RunEnded => "run-ended",
        _ => end.ToString().ToLowerInvariant(),
    };
}

/// <summary>A fault, from the moment when it was written down.</summary>
/// <param name="PlannedAt">When it is to come into force.</param>
/// <param name="StartedAt">When it was in force; null if it was not yet.</param>
/// <param name="EndsAt">When it is to be lifted; null of a momentary one.</param>
/// <param name="LiftedAt">When nothing was left of it; null if something may be.</param>
/// <param name="EffectSeen">Whether what it is meant to do was seen, and not only that QEMU took the command.</param>
/// <param name="Evidence">What was seen, or what not and why, in a sentence.</param>
/// <param name="End">Why it is over; null while it is not.</param>
/// <param name="Problem">Why it failed; null if it did not.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Run">The chaos run that it belongs to; null for none.</param>
/// <param name="Process">The QEMU that has it (<see cref="Hosts.QemuProcess.Note"/>), so that another one is known to have none; empty of an attached VM.</param>
public sealed record Fault(
    FaultId Id,
    VmName Vm,
    FaultSpec Spec,
    FaultState State,
    DateTimeOffset PlannedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndsAt,
    DateTimeOffset? LiftedAt,
    bool EffectSeen,
    string? Evidence,
    FaultEnd? End,
    string? Problem,
    string Actor,
    string? Run,
    string Process)
{
    /// <summary>What has to be known to lift it, such as the block node that a disk had before; null for nothing.</summary>
    public string? Before { get; init; }

    /// <summary>Whether QEMU may have been asked for it.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>Whether it is to come or in force.</summary>
    public bool IsOpen => State is FaultState.Planned or FaultState.Active;
}

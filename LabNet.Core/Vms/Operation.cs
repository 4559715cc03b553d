using LabNet.Core.Labs;

namespace LabNet.Core.Vms;

public enum OperationState
{
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>Something that takes time, from the moment it was accepted.</summary>
/// <param name="Id">Unguessable enough for a URL, unique for good.</param>
/// <param name="Kind">Such as <c>pause</c> or <c>start</c>.</param>
/// <param name="Vm">The VM it concerns; null for the lab.</param>
/// <param name="Progress">0 to 1; null where nobody can know it.</param>
/// <param name="Error">Why it failed, in words for the user.</param>
public sealed record Operation(
    string Id,
    string Kind,
    VmName? Vm,
    string ActorName,
    OperationState State,
    double? Progress,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    string? Error)
{
    /// <summary>What exactly, such as the device that is plugged in; null where the kind says all.</summary>
    public string? Detail { get; init; }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>Something that was, is or will be broken on purpose.</summary>
/// <param name="Text">What is done, in a few words.</param>
/// <param name="Spec">The members of its kind, as they are asked for.</param>
/// <param name="PlannedAt">When it is to come into force.</param>
/// <param name="StartedAt">When it was in force; null if it was not yet.</param>
/// <param name="EndsAt">When it is to be lifted; null of what happens and is over.</param>
/// <param name="LiftedAt">When nothing was left of it; null if something may be.</param>
/// <param name="EffectSeen">Whether what it is meant to do was seen, and not only that QEMU took the command.</param>
/// <param name="Evidence">What was seen, or what not and why.</param>
/// <param name="End">Why it is over: `time`, `asked`, `vm-gone`, `restarted`, `snapshot-taken`, `run-ended`; null while it is not.</param>
/// <param name="Problem">Why it failed, or could not be lifted yet; null if nothing is wrong.</param>
/// <param name="Actor">Who asked for it.</param>
/// <param name="Run">The chaos run that it belongs to; null for none.</param>
public sealed record FaultContract(
    string Id,
    string Kind,
    string Vm,
    string Text,
    JsonElement Spec,
    FaultState State,
    DateTimeOffset PlannedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndsAt,
    DateTimeOffset? LiftedAt,
    bool EffectSeen,
    string? Evidence,
    string? End,
    string? Problem,
    string Actor,
    string? Run)
{
    internal static FaultContract Of(Fault fault) => new(
        fault.Id.Text,
        fault.Spec.Kind,
        fault.Vm.ToString(),
        fault.Spec.Text,
        JsonElement.Parse(FaultJson.Write(fault.Spec).ToJsonString()),
        fault.State,
        fault.PlannedAt,
        fault.StartedAt,
        fault.EndsAt,
        fault.LiftedAt,
        fault.EffectSeen,
        fault.Evidence,
        fault.End?.Word(),
        fault.Problem,
        fault.Actor,
        fault.Run);
}

/// <summary>A fault that holds, as a VM's state has it.</summary>
public sealed record FaultInForceContract(string Id, string Kind, string Text, DateTimeOffset? EndsAt)
{
    internal static FaultInForceContract Of(FaultInForce fault) => new(fault.Id, fault.Kind, fault.Text, fault.EndsAt);
}

/// <summary>A kind of fault, and whether it can be had on this VM.</summary>
/// <param name="Momentary">Whether it happens and is over: it takes no `durationMs` then.</param>
/// <param name="WhyNot">Why it cannot be had here, or only in part; empty if nothing is missing.</param>
public sealed record FaultKindContract(string Kind, bool Momentary, IReadOnlyList<string> WhyNot);

/// <summary>A fault that is asked for. Each kind takes members of its own: docs/faults.md lists them.</summary>
/// <param name="Kind">Such as `pause` or `block-error`.</param>
/// <param name="DurationMs">How long it is in force, 1 ms to an hour; not for `kill`, `nmi` and `reset`.</param>
/// <param name="At">When it is to come into force; now if it is left out.</param>
/// <param name="Device">A disk's id, such as `vda`.</param>
/// <param name="Operation">`read`, `write` or `flush`.</param>
/// <param name="Errno">`EIO`, `ENOSPC` or `ETIMEDOUT`.</param>
/// <param name="Nic">A NIC's id, such as `eth1`.</param>
/// <param name="Link">A NIC by the link that it is on, instead of `nic`.</param>
/// <param name="Direction">`both`, `in` (to the VM) or `out`.</param>
public sealed record FaultRequestContract(
    string Kind,
    double? DurationMs = null,
    DateTimeOffset? At = null,
    int? Vcpu = null,
    string? Device = null,
    string? Operation = null,
    string? Errno = null,
    long? Sector = null,
    bool? Once = null,
    double? RatePercent = null,
    long? Iops = null,
    long? BytesPerSecond = null,
    double? DelayMs = null,
    string? Nic = null,
    string? Link = null,
    int? DownMs = null,
    int? UpMs = null,
    double? JitterMs = null,
    double? LossPercent = null,
    long? RateKbit = null,
    double? DuplicatePercent = null,
    double? ReorderPercent = null,
    string? Direction = null,
    long? Bytes = null)
{
    /// <exception cref="BadInputException">The fault is none.</exception>
    internal FaultRequest ToRequest(LabVm vm)
    {
        var given = JsonSerializer.SerializeToElement(this, FaultRequestJson.Default.FaultRequestContract);
        return FaultJson.ReadRequest(given, vm, out var mistake) ?? throw new BadInputException(mistake!);
    }
}

/// <summary>What was left out stays out, so that a kind is not told of members that it does not know.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FaultRequestContract))]
internal sealed partial class FaultRequestJson : JsonSerializerContext;

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Traffic;

/// <summary>
/// A line to the relay:
/// <code>
/// {"do": "ports"} or {"do": "counters"}
/// {"do": "impair", "port": NAME, "direction": "in"|"out"|"both", "impairment": {"delayMs": …}, "seed": N, "until": TIME}
/// {"do": "lift", "port": NAME, "direction": …}
/// </code>
/// </summary>
internal sealed record RelayRequest(
    string Do, string? Port = null, ImpairDirection? Direction = null, Impairment? Impairment = null, ulong? Seed = null, DateTimeOffset? Until = null);

/// <param name="Error">Why it was not done, in words; null when it was.</param>
internal sealed record RelayReply(string? Error = null)
{
    public ImmutableArray<RelayPortState>? Ports { get; init; }

    public ImmutableArray<RelayPortCounters>? Counters { get; init; }
}

/// <summary>A port of the relay.</summary>
/// <param name="Label">The VM and its NIC, or another machine.</param>
/// <param name="Problem">Why no frame can pass, in words; null if they can.</param>
public sealed record RelayPortState(string Name, string Link, string Label, string? Problem);

/// <summary>What went through a port of the relay, since that was started.</summary>
/// <param name="Label">The VM and its NIC, or another machine.</param>
/// <param name="Out">What the VM sent.</param>
/// <param name="In">What went to the VM.</param>
/// <param name="HeldOut">Frames that wait for their time just now.</param>
/// <param name="DroppedBeforeRelay">Sent by the VM faster than the relay took them: the kernel's count.</param>
/// <param name="DroppedBeforeVm">Sent to the VM faster than QEMU took them, as while it is paused: the kernel's count.</param>
/// <param name="Strangers">Frames from somewhere else than the port's QEMU, which were dropped.</param>
public sealed record RelayPortCounters(
    string Name,
    string Link,
    string Label,
    LaneCounters Out,
    LaneCounters In,
    int HeldOut,
    int HeldIn,
    long DroppedBeforeRelay,
    long DroppedBeforeVm,
    long Strangers,
    ImmutableArray<ImpairmentInForce> Impairments);

/// <param name="Port">Of the relay.</param>
/// <param name="Direction">In or out.</param>
/// <param name="Until">When it ends by itself.</param>
public sealed record ImpairmentInForce(string Port, ImpairDirection Direction, Impairment What, ulong Seed, DateTimeOffset Until);

/// <summary><c>in</c>, <c>out</c>, <c>both</c>.</summary>
internal sealed class DirectionWords() : JsonStringEnumConverter<ImpairDirection>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DirectionWords)])]
[JsonSerializable(typeof(RelayRequest))]
[JsonSerializable(typeof(RelayReply))]
[JsonSerializable(typeof(ImpairmentInForce[]))]
internal sealed partial class RelayJson : JsonSerializerContext
{
}

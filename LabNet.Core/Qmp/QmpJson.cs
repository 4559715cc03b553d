using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>QEMU's empty <c>return</c>.</summary>
public readonly record struct QmpNothing;

/// <summary>QEMU's objects, read as its schema names them; members that a newer QEMU adds are skipped.</summary>
/// <remarks>A member that the schema calls optional is nullable and defaults to null; any other that is missing is a protocol error.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = QmpFrame.DepthMax)]
[JsonSerializable(typeof(QmpNothing))]
[JsonSerializable(typeof(GreetingMessage))]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(EventTimestamp))]
[JsonSerializable(typeof(StatusInfo))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(KvmInfo))]
[JsonSerializable(typeof(ChardevInfo[]))]
[JsonSerializable(typeof(JobInfo[]))]
[JsonSerializable(typeof(CpuInfoFast[]))]
[JsonSerializable(typeof(BlockInfo[]))]
[JsonSerializable(typeof(BlockStats[]))]
[JsonSerializable(typeof(NamedBlockNode[]))]
[JsonSerializable(typeof(TargetInfo))]
[JsonSerializable(typeof(UuidInfo))]
[JsonSerializable(typeof(CurrentMachineParams))]
[JsonSerializable(typeof(MemorySizeSummary))]
[JsonSerializable(typeof(BalloonInfo))]
[JsonSerializable(typeof(HumanReadableText))]
[JsonSerializable(typeof(NameInfo))]
[JsonSerializable(typeof(IoThreadInfo[]))]
[JsonSerializable(typeof(PciBus[]))]
[JsonSerializable(typeof(QomPathArguments))]
[JsonSerializable(typeof(QomGetArguments))]
[JsonSerializable(typeof(QomSetArguments))]
[JsonSerializable(typeof(QomTypeArguments))]
[JsonSerializable(typeof(ObjectAddArguments))]
[JsonSerializable(typeof(BlockThrottleArguments))]
[JsonSerializable(typeof(SetLinkArguments))]
[JsonSerializable(typeof(BalloonArguments))]
[JsonSerializable(typeof(DeviceAddArguments))]
[JsonSerializable(typeof(BlockdevAddArguments))]
[JsonSerializable(typeof(NetdevAddArguments))]
[JsonSerializable(typeof(ChardevAddArguments))]
[JsonSerializable(typeof(ChardevReturn))]
[JsonSerializable(typeof(IdArguments))]
[JsonSerializable(typeof(NodeNameArguments))]
[JsonSerializable(typeof(HistogramArguments))]
[JsonSerializable(typeof(StatsTargetArguments))]
[JsonSerializable(typeof(StatsResult[]))]
[JsonSerializable(typeof(ObjectPropertyInfo[]))]
[JsonSerializable(typeof(ObjectTypeInfo[]))]
[JsonSerializable(typeof(HumanMonitorLine))]
[JsonSerializable(typeof(SnapshotArguments))]
[JsonSerializable(typeof(SnapshotDeleteArguments))]
[JsonSerializable(typeof(DumpArguments))]
[JsonSerializable(typeof(TraceEventNameArguments))]
[JsonSerializable(typeof(TraceEventSetStateArguments))]
[JsonSerializable(typeof(TraceEventInfo[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class QmpJson : JsonSerializerContext
{
}

internal sealed record GreetingMessage([property: JsonPropertyName("QMP")] GreetingBody Qmp);

internal sealed record GreetingBody(VersionInfo Version);

internal sealed record ErrorMessage(string Class, string Desc);

internal sealed record EventTimestamp(long Seconds, long Microseconds)
{
    /// <summary>The year 2262 is where nanoseconds end.</summary>
    private const long SecondsMax = long.MaxValue / 1_000_000_000;

    public long? ToUnixNs() => Seconds is < 0 or >= SecondsMax || Microseconds is < 0 or >= 1_000_000
        ? null
        : (Seconds * 1_000_000_000) + (Microseconds * 1_000);
}

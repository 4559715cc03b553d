using System.Text.Json.Serialization;

namespace LabNet.Core.Qmp;

/// <summary>QEMU's empty <c>return</c>.</summary>
public readonly record struct QmpNothing;

/// <summary>QEMU's objects, read as its schema names them; members that a newer QEMU adds are skipped.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
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
[JsonSerializable(typeof(NamedBlockNode[]))]
internal sealed partial class QmpJson : JsonSerializerContext
{
}

internal sealed record GreetingMessage([property: JsonPropertyName("QMP"), JsonRequired] GreetingBody Qmp);

internal sealed record GreetingBody([property: JsonRequired] VersionInfo Version);

internal sealed record ErrorMessage([property: JsonRequired] string Class, [property: JsonRequired] string Desc);

internal sealed record EventTimestamp(long Seconds, long Microseconds)
{
    public long? ToUnixNs() => Seconds < 0 || Microseconds < 0 ? null : checked((Seconds * 1_000_000_000) + (Microseconds * 1_000));
}

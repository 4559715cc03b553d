using System.Text.Json.Serialization;
using LabNet.Core.Qmp;

namespace LabNet.Core.GuestAgent;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QmpNothing))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(SyncArguments))]
[JsonSerializable(typeof(GuestOsInfo))]
[JsonSerializable(typeof(GuestHostName))]
[JsonSerializable(typeof(GuestNetworkInterface[]))]
[JsonSerializable(typeof(ExecArguments))]
[JsonSerializable(typeof(ExecStarted))]
[JsonSerializable(typeof(ExecStatusArguments))]
[JsonSerializable(typeof(ExecStatus))]
internal sealed partial class GuestAgentJson : JsonSerializerContext;

internal sealed record SyncArguments(long Id);

/// <summary>qga/qapi-schema.json: GuestOSInfo. All members are optional there.</summary>
public sealed record GuestOsInfo(string? PrettyName, string? KernelRelease, string? Machine);

public sealed record GuestHostName([property: JsonRequired] string HostName);

public sealed record GuestNetworkInterface([property: JsonRequired] string Name, string? HardwareAddress, GuestIpAddress[]? IpAddresses);

/// <param name="IpAddressType"><c>ipv4</c> or <c>ipv6</c>.</param>
/// <param name="Prefix">Bits.</param>
public sealed record GuestIpAddress(string IpAddress, string IpAddressType, int Prefix);

internal sealed record ExecArguments(string Path, IReadOnlyList<string> Arg, string? InputData, bool CaptureOutput);

internal sealed record ExecStarted(long Pid);

internal sealed record ExecStatusArguments(long Pid);

/// <param name="OutData">Base64.</param>
internal sealed record ExecStatus(bool Exited, int? Exitcode, int? Signal, string? OutData, string? ErrData, bool OutTruncated, bool ErrTruncated);

using System.Text.Json.Serialization;
using LabNet.Core.Qmp;

namespace LabNet.Core.GuestAgent;

/// <summary>A member that the agent's schema calls optional has a default here; any other that is missing is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
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
public sealed record GuestOsInfo(string? PrettyName = null, string? KernelRelease = null, string? Machine = null);

public sealed record GuestHostName(string HostName);

public sealed record GuestNetworkInterface(string Name, string? HardwareAddress = null, GuestIpAddress[]? IpAddresses = null);

/// <param name="IpAddressType"><c>ipv4</c> or <c>ipv6</c>.</param>
/// <param name="Prefix">Bits.</param>
public sealed record GuestIpAddress(string IpAddress, string IpAddressType, int Prefix);

internal sealed record ExecArguments(string Path, IReadOnlyList<string> Arg, string? InputData, bool CaptureOutput);

internal sealed record ExecStarted(long Pid);

internal sealed record ExecStatusArguments(long Pid);

/// <param name="OutData">Base64.</param>
internal sealed record ExecStatus(
    bool Exited,
    int? Exitcode = null,
    int? Signal = null,
    string? OutData = null,
    string? ErrData = null,
    bool OutTruncated = false,
    bool ErrTruncated = false);

using System.Text.Json;
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
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(SyncArguments))]
[JsonSerializable(typeof(SetTimeArguments))]
[JsonSerializable(typeof(GuestOsInfo))]
[JsonSerializable(typeof(GuestHostName))]
[JsonSerializable(typeof(GuestNetworkInterface[]))]
[JsonSerializable(typeof(ExecArguments))]
[JsonSerializable(typeof(ExecStarted))]
[JsonSerializable(typeof(ExecStatusArguments))]
[JsonSerializable(typeof(ExecStatus))]
[JsonSerializable(typeof(GuestTimeZone))]
[JsonSerializable(typeof(GuestUser[]))]
[JsonSerializable(typeof(GuestFileSystem[]))]
[JsonSerializable(typeof(GuestAgentInfo))]
[JsonSerializable(typeof(FileOpenArguments))]
[JsonSerializable(typeof(FileReadArguments))]
[JsonSerializable(typeof(FileRead))]
[JsonSerializable(typeof(FileHandle))]
internal sealed partial class GuestAgentJson : JsonSerializerContext;

internal sealed record SyncArguments(long Id);

/// <param name="Time">Nanoseconds since 1970.</param>
internal sealed record SetTimeArguments(long Time);

/// <summary>qga/qapi-schema.json: GuestOSInfo. All members are optional there.</summary>
/// <param name="Id">As in os-release, such as <c>debian</c>.</param>
/// <param name="KernelVersion">The kernel's build, such as <c>#1 SMP Debian 6.1.0-1</c>.</param>
public sealed record GuestOsInfo(
    string? PrettyName = null,
    string? KernelRelease = null,
    string? Machine = null,
    string? Id = null,
    string? Name = null,
    string? Version = null,
    string? VersionId = null,
    string? KernelVersion = null);

public sealed record GuestHostName(string HostName);

/// <param name="Statistics">Null where the agent cannot read them.</param>
public sealed record GuestNetworkInterface(
    string Name, string? HardwareAddress = null, GuestIpAddress[]? IpAddresses = null, GuestNetworkStatistics? Statistics = null);

/// <summary>Since the interface came up.</summary>
public sealed record GuestNetworkStatistics(
    long RxBytes, long RxPackets, long RxErrs, long RxDropped, long TxBytes, long TxPackets, long TxErrs, long TxDropped);

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

/// <param name="Zone">Such as <c>UTC</c>; may differ between systems.</param>
/// <param name="Offset">Seconds east of UTC.</param>
public sealed record GuestTimeZone(long Offset, string? Zone = null);

/// <param name="LoginTime">Seconds since 1970.</param>
public sealed record GuestUser(string User, double LoginTime);

/// <summary>A mounted file system.</summary>
/// <param name="Name">The device or what is mounted, such as <c>vda</c> or a 9p mount tag.</param>
/// <param name="UsedBytes">Null where nobody said.</param>
/// <param name="TotalBytes">Without what is reserved for root; null where nobody said.</param>
public sealed record GuestFileSystem(string Name, string Mountpoint, string Type, long? UsedBytes = null, long? TotalBytes = null);

public sealed record GuestAgentInfo(
    string Version, [property: JsonPropertyName("supported_commands")] GuestAgentCommandInfo[] SupportedCommands);

public sealed record GuestAgentCommandInfo(string Name, bool Enabled);

internal sealed record FileOpenArguments(string Path, string Mode);

internal sealed record FileReadArguments(long Handle, int Count);

/// <param name="BufB64">Base64.</param>
internal sealed record FileRead(int Count, [property: JsonPropertyName("buf-b64")] string BufB64, bool Eof);

internal sealed record FileHandle(long Handle);

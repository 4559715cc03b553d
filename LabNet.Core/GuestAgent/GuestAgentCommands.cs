using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Core.GuestAgent;

/// <summary>The agent's commands, qga/qapi-schema.json.</summary>
public static class GuestAgentCommands
{
    public static readonly QmpCommand<QmpNothing> Ping = new("guest-ping", GuestAgentJson.Default.QmpNothing);
    public static readonly QmpCommand<GuestOsInfo> GetOsInfo = new("guest-get-osinfo", GuestAgentJson.Default.GuestOsInfo);
    public static readonly QmpCommand<GuestHostName> GetHostName = new("guest-get-host-name", GuestAgentJson.Default.GuestHostName);

    public static readonly QmpCommand<GuestNetworkInterface[]> GetInterfaces =
        new("guest-network-get-interfaces", GuestAgentJson.Default.GuestNetworkInterfaceArray);

    public static readonly QmpCommand<GuestTimeZone> GetTimeZone = new("guest-get-timezone", GuestAgentJson.Default.GuestTimeZone);

    /// <summary>Nanoseconds since 1970, by the guest's clock.</summary>
    public static readonly QmpCommand<long> GetTime = new("guest-get-time", GuestAgentJson.Default.Int64);

    public static readonly QmpCommand<GuestUser[]> GetUsers = new("guest-get-users", GuestAgentJson.Default.GuestUserArray);

    /// <summary>File systems on block devices only: shares are missing.</summary>
    public static readonly QmpCommand<GuestFileSystem[]> GetFileSystems = new("guest-get-fsinfo", GuestAgentJson.Default.GuestFileSystemArray);

    public static readonly QmpCommand<GuestAgentInfo> GetAgentInfo = new("guest-info", GuestAgentJson.Default.GuestAgentInfo);

    /// <summary>Those that need no arguments and change nothing.</summary>
    private static readonly string[] Reading =
    [
        GetOsInfo.Name, GetHostName.Name, GetInterfaces.Name, GetTimeZone.Name, GetTime.Name, GetUsers.Name, GetFileSystems.Name, GetAgentInfo.Name,
    ];

    internal static readonly QmpCommand<FileOpenArguments, long> FileOpen =
        new("guest-file-open", GuestAgentJson.Default.FileOpenArguments, GuestAgentJson.Default.Int64);

    internal static readonly QmpCommand<FileReadArguments, FileRead> ReadFile =
        new("guest-file-read", GuestAgentJson.Default.FileReadArguments, GuestAgentJson.Default.FileRead);

    internal static readonly QmpCommand<FileHandle, QmpNothing> FileClose =
        new("guest-file-close", GuestAgentJson.Default.FileHandle, GuestAgentJson.Default.QmpNothing);

    internal static readonly QmpCommand<SyncArguments, long> SyncDelimited =
        new("guest-sync-delimited", GuestAgentJson.Default.SyncArguments, GuestAgentJson.Default.Int64);

    internal static readonly QmpCommand<ExecArguments, ExecStarted> Exec =
        new("guest-exec", GuestAgentJson.Default.ExecArguments, GuestAgentJson.Default.ExecStarted);

    internal static readonly QmpCommand<ExecStatusArguments, ExecStatus> QueryExecStatus =
        new("guest-exec-status", GuestAgentJson.Default.ExecStatusArguments, GuestAgentJson.Default.ExecStatus);

    internal static readonly QmpCommand<SetTimeArguments, QmpNothing> SetTime =
        new("guest-set-time", GuestAgentJson.Default.SetTimeArguments, GuestAgentJson.Default.QmpNothing);

    /// <summary>A command that only reads, whose answer is taken as it comes.</summary>
    /// <exception cref="InvalidOperationException">The command is none of those.</exception>
    internal static QmpCommand<JsonElement> AsItComes(string name) => Reading.Contains(name)
        ? new(name, GuestAgentJson.Default.JsonElement)
        : throw new InvalidOperationException($"{name} does not only read.");
}

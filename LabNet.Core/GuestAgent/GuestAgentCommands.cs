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

    internal static readonly QmpCommand<SyncArguments, long> SyncDelimited =
        new("guest-sync-delimited", GuestAgentJson.Default.SyncArguments, GuestAgentJson.Default.Int64);

    internal static readonly QmpCommand<ExecArguments, ExecStarted> Exec =
        new("guest-exec", GuestAgentJson.Default.ExecArguments, GuestAgentJson.Default.ExecStarted);

    internal static readonly QmpCommand<ExecStatusArguments, ExecStatus> QueryExecStatus =
        new("guest-exec-status", GuestAgentJson.Default.ExecStatusArguments, GuestAgentJson.Default.ExecStatus);
}

using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>A guest as it tells of itself. A part that its agent does not have is null, and `missing` says why.</summary>
/// <param name="At">When the guest was asked; who asks within a second gets the same answer.</param>
/// <param name="Missing">By the name of the member, with the agent's words; `fileSystemSizes` where only the mounts are known.</param>
public sealed record GuestInfoContract(
    DateTimeOffset At,
    string? HostName,
    GuestSystemContract? OperatingSystem,
    GuestTimeZoneContract? TimeZone,
    IReadOnlyList<GuestUserContract>? Users,
    double? UptimeSeconds,
    GuestLoadContract? Load,
    GuestMemoryContract? Memory,
    IReadOnlyList<GuestFileSystemContract>? FileSystems,
    GuestAgentContract? Agent,
    GuestClockContract? Clock,
    IReadOnlyDictionary<string, string> Missing)
{
    internal static GuestInfoContract Of(GuestReading<GuestInfo> reading)
    {
        var info = reading.Value;
        return new GuestInfoContract(
            reading.At,
            info.HostName,
            info.OperatingSystem is { } os
                ? new(os.Id, os.Name, os.PrettyName, os.VersionId, os.KernelRelease, os.KernelVersion, os.Machine)
                : null,
            info.TimeZone is { } zone ? new(zone.Zone, zone.Offset) : null,
            info.Users is { } users ? [.. users.Select(user => new GuestUserContract(user.User, TimeOf(user.LoginTime)))] : null,
            info.UptimeSeconds,
            info.Load is { } load ? new(load.OneMinute, load.FiveMinutes, load.FifteenMinutes) : null,
            info.Memory is { } m ? new(m.Total, m.Free, m.Available, m.Buffers, m.Cached, m.SwapTotal, m.SwapFree) : null,
            info.FileSystems is { } all ? [.. all.Select(f => new GuestFileSystemContract(f.Name, f.Mountpoint, f.Type, f.UsedBytes, f.TotalBytes))] : null,
            info.Agent is { } agent
                ? new(agent.Version, [.. agent.SupportedCommands.Where(command => command.Enabled).Select(command => command.Name)])
                : null,
            info.Clock is { } clock ? new(clock.OffsetMs, clock.RoundTripMs) : null,
            info.Missing.ToDictionary(part => JsonNamingPolicy.CamelCase.ConvertName(part.Key), part => part.Value));
    }

    /// <summary>A guest may name a time that no calendar has.</summary>
    private static DateTimeOffset? TimeOf(double seconds) =>
        seconds is >= 0 and < 253_402_300_800 ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
}

/// <param name="Id">Such as `debian`.</param>
/// <param name="PrettyName">For people.</param>
public sealed record GuestSystemContract(
    string? Id, string? Name, string? PrettyName, string? Version, string? KernelRelease, string? KernelVersion, string? Machine);

/// <param name="OffsetSeconds">East of UTC.</param>
public sealed record GuestTimeZoneContract(string? Zone, long OffsetSeconds);

public sealed record GuestUserContract(string Name, DateTimeOffset? LoggedInAt);

/// <summary>How many processes wanted a processor or a disk, on the average.</summary>
public sealed record GuestLoadContract(double OneMinute, double FiveMinutes, double FifteenMinutes);

public sealed record GuestMemoryContract(
    long TotalBytes, long FreeBytes, long AvailableBytes, long BufferBytes, long CachedBytes, long SwapTotalBytes, long SwapFreeBytes);

/// <param name="UsedBytes">Null where nobody said, as for a 9p share.</param>
public sealed record GuestFileSystemContract(string Name, string MountPoint, string Type, long? UsedBytes, long? TotalBytes);

/// <param name="Commands">Those that are enabled.</param>
public sealed record GuestAgentContract(string Version, IReadOnlyList<string> Commands);

/// <param name="OffsetMs">How far the guest's clock is ahead of LabNet's, give or take half of the round trip.</param>
public sealed record GuestClockContract(double OffsetMs, double RoundTripMs);

using System.Collections.Immutable;

namespace LabNet.Core.GuestAgent;

/// <summary>A guest as it tells of itself. A part that its agent does not have is null, and <see cref="Missing"/> says why.</summary>
/// <param name="UptimeSeconds">Since the guest booted.</param>
/// <param name="Missing">
/// The parts that are null, by the name of the member, with the agent's words; and <c>FileSystemSizes</c> where only the mounts are known.
/// </param>
public sealed record GuestInfo(
    string? HostName,
    GuestOsInfo? OperatingSystem,
    GuestTimeZone? TimeZone,
    ImmutableArray<GuestUser>? Users,
    double? UptimeSeconds,
    GuestLoad? Load,
    GuestMemory? Memory,
    ImmutableArray<GuestFileSystem>? FileSystems,
    GuestAgentInfo? Agent,
    GuestClock? Clock,
    ImmutableSortedDictionary<string, string> Missing);

/// <summary>How many processes wanted a processor or a disk, on the average of 1, 5 and 15 minutes.</summary>
public sealed record GuestLoad(double OneMinute, double FiveMinutes, double FifteenMinutes);

/// <summary>Bytes.</summary>
/// <param name="Available">What programs could still get without swapping, by the kernel's estimate.</param>
public sealed record GuestMemory(long Total, long Free, long Available, long Buffers, long Cached, long SwapTotal, long SwapFree);

/// <param name="OffsetMs">How far the guest's clock is ahead of LabNet's, give or take half of the round trip.</param>
/// <param name="RoundTripMs">How long the guest took to tell its time.</param>
public sealed record GuestClock(double OffsetMs, double RoundTripMs);

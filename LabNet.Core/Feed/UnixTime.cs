namespace LabNet.Core.Feed;

/// <summary>LabNet's one way to write a time down: an integer, UTC, nanoseconds since 1970 (until the year 2262).</summary>
public static class UnixTime
{
    /// <summary>How the contract writes a UTC time: ISO 8601, always with six digits of a second, so that times sort as text.</summary>
    public const string IsoFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    private const long NanosecondsPerTick = 100;

    public static long GetUnixTimeNs(this TimeProvider time) => ToUnixTimeNs(time.GetUtcNow());

    public static long ToUnixTimeNs(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * NanosecondsPerTick;

    public static DateTimeOffset FromUnixTimeNs(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / NanosecondsPerTick);
}

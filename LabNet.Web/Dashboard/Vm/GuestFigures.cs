using System.Globalization;
using LabNet.Core.GuestAgent;
using LabNet.Web.Dashboard.Times;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The guest's own numbers, as they stand in tables.</summary>
internal static class GuestFigures
{
    public static string Load(GuestLoad load) =>
        string.Create(CultureInfo.InvariantCulture, $"{load.OneMinute:0.00}  {load.FiveMinutes:0.00}  {load.FifteenMinutes:0.00}");

    /// <summary>A guest may claim what it likes; beyond a hundred years nothing is true.</summary>
    public static string Clock(double seconds)
    {
        const double HundredYears = 100 * 365.25 * 24 * 3600;
        return double.IsFinite(seconds) ? DurationText.Clock(TimeSpan.FromSeconds(Math.Clamp(seconds, 0, HundredYears))) : "–";
    }

    /// <summary>Such as <c>CET (UTC+1)</c>.</summary>
    public static string Zone(GuestTimeZone zone)
    {
        const long DaySeconds = 24 * 3600;
        var hours = Math.Clamp(zone.Offset, -DaySeconds, DaySeconds) / 3600.0;
        return string.Create(CultureInfo.InvariantCulture, $"{zone.Zone} (UTC{hours:+0.##;−0.##;+0})").TrimStart();
    }

    /// <summary>Null for a time that there is not.</summary>
    public static DateTimeOffset? Login(GuestUser user)
    {
        const double Year9999 = 253_370_764_800;
        return user.LoginTime is >= 0 and < Year9999 ? DateTimeOffset.FromUnixTimeMilliseconds((long)(user.LoginTime * 1000)) : null;
    }

    public static string Percent(double? percent) => percent is { } known ? known.ToString("0.0", CultureInfo.InvariantCulture) : "–";

    /// <summary>Such as <c>+3.1 ms</c> or <c>−12.4 s</c>: how far the guest's clock is ahead.</summary>
    public static string Offset(double ms)
    {
        var sign = ms < 0 ? "−" : "+";
        var size = Math.Abs(ms);
        return size < 1000
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{size:0.0} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{size / 1000:0.0} s");
    }
}

namespace LabNet.Web.Dashboard.Times;

/// <summary>Durations in words of constant width. Elapsed.razor.js writes them in the same way.</summary>
internal static class DurationText
{
    /// <summary>Such as <c>00:12:33</c> or <c>3 d 04:12:33</c>.</summary>
    public static string Clock(TimeSpan duration)
    {
        var clock = $"{duration.Hours:00}:{duration.Minutes:00}:{duration.Seconds:00}";
        return duration.Days > 0 ? $"{duration.Days} d {clock}" : clock;
    }

    /// <summary>Such as <c>12 s ago</c>, <c>5 min ago</c>, <c>2 h ago</c>.</summary>
    public static string Ago(TimeSpan duration) => duration switch
    {
        { TotalSeconds: < 60 } => $"{(int)duration.TotalSeconds} s ago",
        { TotalMinutes: < 60 } => $"{(int)duration.TotalMinutes} min ago",
        { TotalHours: < 24 } => $"{(int)duration.TotalHours} h ago",
        _ => $"{(int)duration.TotalDays} d ago",
    };
}

using System.Globalization;
using LabNet.Core.Feed;
using LabNet.Core.Recovery;

namespace LabNet.Web.Api;

/// <summary>The dashboard's addresses of the time around a crash.</summary>
internal static class IncidentLinks
{
    /// <summary>So that coming back is in the picture.</summary>
    private static readonly TimeSpan After = TimeSpan.FromSeconds(15);

    /// <summary>With a marker at the crash.</summary>
    public static string Timeline(Incident incident) => $"/timeline?{Around(incident)}&a={Ms(incident.At)}";

    public static string Events(Incident incident) => $"/events?vm={incident.Vm}&{Around(incident)}";

    private static string Around(Incident incident) => $"from={Ms(incident.At - CrashEvidence.Before)}&to={Ms(incident.At + After)}";

    private static string Ms(DateTimeOffset at) => (at.ToUnixTimeNs() / 1_000_000).ToString(CultureInfo.InvariantCulture);
}

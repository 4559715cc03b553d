using System.Globalization;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Web.Dashboard.Live;

/// <summary>Numbers with their units, as they stand in tables: few digits, constant width.</summary>
internal static class Figures
{
    public static string Memory(long bytes) => bytes % (1024 * LabLimits.MiB) == 0
        ? $"{bytes / (1024 * LabLimits.MiB)} GiB"
        : $"{bytes / LabLimits.MiB} MiB";

    /// <summary>Three digits and a binary unit, such as <c>1.42 GiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        var unit = 0;
        var number = (double)bytes;
        for (; number >= 999.5 && unit < units.Length - 1; unit++)
        {
            number /= 1024;
        }

        var digits = unit == 0 || number >= 99.5 ? "0" : number >= 9.95 ? "0.0" : "0.00";
        return $"{number.ToString(digits, CultureInfo.InvariantCulture)} {units[unit]}";
    }

    /// <summary>With a thin space at the thousands, so that counters can be compared by eye.</summary>
    public static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u2009');

    public static string Milliseconds(double ms) => ms < 10 ? $"{ms:0.00} ms" : ms < 100 ? $"{ms:0.0} ms" : $"{ms:0} ms";

    /// <summary>Of one ping, or of several together.</summary>
    public static string Loss(params IEnumerable<PingMeasured> pings)
    {
        var (sent, lost) = pings.Aggregate((Sent: 0, Lost: 0), (sum, p) => (sum.Sent + p.Sent, sum.Lost + p.Sent - p.Received));
        var percent = sent == 0 ? 0 : 100.0 * lost / sent;
        return percent is > 0 and < 1 ? "<1 %" : $"{percent:0} %";
    }
}

using LabNet.Core.Labs;
using LabNet.Core.Traffic;

namespace LabNet.Web.Dashboard.Live;

/// <summary>Numbers with their units, as they stand in tables: few digits, constant width.</summary>
internal static class Figures
{
    public static string Memory(long bytes) => bytes % (1024 * LabLimits.MiB) == 0
        ? $"{bytes / (1024 * LabLimits.MiB)} GiB"
        : $"{bytes / LabLimits.MiB} MiB";

    public static string Milliseconds(double ms) => ms < 10 ? $"{ms:0.00} ms" : ms < 100 ? $"{ms:0.0} ms" : $"{ms:0} ms";

    public static double LossPercent(PingMeasured ping) => ping.Sent == 0 ? 0 : 100.0 * (ping.Sent - ping.Received) / ping.Sent;

    public static string Loss(PingMeasured ping) => $"{LossPercent(ping):0.#} %";
}

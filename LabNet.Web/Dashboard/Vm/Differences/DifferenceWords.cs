using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Vm.Differences;

internal static class DifferenceWords
{
    /// <param name="many">Null where an s is all that more than one needs.</param>
    public static string Count(long number, string one, string? many = null) => $"{Figures.Count(number)} {(number == 1 ? one : many ?? one + "s")}";
}

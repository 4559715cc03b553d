using System.Globalization;
using System.Text;

namespace LabNet.Core.Hosts;

/// <summary>
/// <c>counters</c> in the relay's folder, which the relay writes over and over while it runs:
/// <code>
/// relay NUMBER MILLISECONDS PROBLEM…
/// NAME: (sixteen numbers as in /proc/net/dev)
/// end NUMBER
/// </code>
/// MILLISECONDS since 1970 are its sign of life. It is written in place; a reader that finds two different numbers reads again.
/// </summary>
public static class RelayCounters
{
    private const string FileName = "counters";
    private const int Tries = 5;

    public static string PathIn(string folder) => Path.Join(folder, FileName);

    /// <param name="number">Another one each time.</param>
    /// <param name="counters">By NIC, in a tap's view: what the VM sends, it receives.</param>
    public static byte[] Format(long number, DateTimeOffset at, string problem, IEnumerable<(string Name, InterfaceCounters Counters)> counters)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"relay {number} {at.ToUnixTimeMilliseconds()} {problem}\n");
        foreach (var (name, of) in counters)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name}: {of.RxBytes} {of.RxPackets} 0 {of.RxDropped} 0 0 0 0 {of.TxBytes} {of.TxPackets} 0 {of.TxDropped} 0 0 0 0\n");
        }

        return Encoding.UTF8.GetBytes(text.Append(CultureInfo.InvariantCulture, $"end {number}\n").ToString());
    }

    /// <returns>The sign of life, what the relay complains of, and its lines; null where there is no such file.</returns>
    public static (DateTimeOffset At, string? Problem, string[] Lines)? Read(string folder)
    {
        for (var left = Tries; left > 0; left--)
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(PathIn(folder));
            }
            catch (IOException)
            {
                return null;
            }

            if (lines is [var head, .. var middle, var tail]
                && head.Split(' ', 4) is ["relay", var number, var milliseconds, var problem]
                && tail == $"end {number}"
                && long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var at))
            {
                return (DateTimeOffset.FromUnixTimeMilliseconds(at), problem.Length == 0 ? null : problem, middle);
            }
        }

        return null;
    }
}

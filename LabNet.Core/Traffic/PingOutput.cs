using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Traffic;

/// <summary>
/// What iputils' <c>ping</c> prints, as far as it is needed:
/// <code>
/// 1450 bytes from 10.10.10.1: icmp_seq=1 ttl=64 time=1.76 ms
/// 3 packets transmitted, 3 received, 0% packet loss, time 2003ms
/// </code>
/// </summary>
internal static partial class PingOutput
{
    /// <summary>False if the output has no summary: ping could not even start.</summary>
    public static bool TryParse(string output, out int sent, out int received, out double? medianMs)
    {
        var summary = Summary().Match(output);
        (sent, received, medianMs) = (0, 0, null);
        if (!summary.Success)
        {
            return false;
        }

        sent = int.Parse(summary.Groups["sent"].Value, CultureInfo.InvariantCulture);
        received = int.Parse(summary.Groups["received"].Value, CultureInfo.InvariantCulture);
        double[] times = [.. Answer().Matches(output).Select(m => double.Parse(m.Groups["ms"].Value, CultureInfo.InvariantCulture)).Order()];
        medianMs = times.Length == 0 ? null : times[times.Length / 2];
        return true;
    }

    [GeneratedRegex(@"(?<sent>\d{1,9}) packets transmitted, (?<received>\d{1,9}) received", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Summary();

    [GeneratedRegex(@"time[=<](?<ms>\d{1,9}(\.\d{1,9})?) ms", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Answer();
}

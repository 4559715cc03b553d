using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>Measures a path's MTU from inside the guest, by iputils' <c>ping</c> with "don't fragment".</summary>
internal static partial class PathMtuProbe
{
    /// <summary>IPv4 header 20 and ICMP header 8.</summary>
    private const int HeaderBytes = 28;

    /// <summary>Two that vanish are no chance loss of one.</summary>
    private const int PacketsEach = 2;

    public static async Task<PathMtuMeasured> MeasureAsync(
        LinkName link, VmSession from, VmName to, Ipv4Address address, TimeProvider time, CancellationToken cancellationToken)
    {
        var measured = new PathMtuMeasured(link, from.State.Name, to, null, null, null, Problem: null, time.GetUtcNow());
        var search = new PathMtuSearch();
        try
        {
            while (search.Next is { } bytes)
            {
                string[] arguments = ["-n", "-c", $"{PacketsEach}", "-i", "0.2", "-W", "1", "-M", "do", "-s", $"{bytes - HeaderBytes}", address.ToString()];
                var result = await from.RunInGuestAsync(new GuestProgram("ping", arguments), cancellationToken);
                var said = Encoding.UTF8.GetString(result.Stdout.Span) + Encoding.UTF8.GetString(result.Stderr.Span);
                if (Outcome(said) is not { } outcome)
                {
                    return measured with { Problem = $"ping said: {said.Trim()}", At = time.GetUtcNow() };
                }

                search.Take(outcome, ToldMtu(said));
            }

            return measured with { FitsBytes = search.Fits, VanishesBytes = search.Vanishes, RefusedBytes = search.Refused, At = time.GetUtcNow() };
        }
        catch (GuestAgentException e)
        {
            return measured with { Problem = e.Message, At = time.GetUtcNow() };
        }
    }

    /// <returns>Null if ping could not even start.</returns>
    internal static MtuOutcome? Outcome(string said) =>
        PingOutput.TryParse(said, out _, out var received, out _) && received > 0 ? MtuOutcome.Fits
        : TooBig().IsMatch(said) ? MtuOutcome.Refused
        : PingOutput.TryParse(said, out _, out _, out _) ? MtuOutcome.Vanished
        : null;

    internal static int? ToldMtu(string said) =>
        Mtu().Match(said) is { Success: true } match ? int.Parse(match.Groups["mtu"].Value, CultureInfo.InvariantCulture) : null;

    /// <summary>"message too long, mtu=1450" is the guest's own kernel, "Frag needed and DF set (mtu = 1400)" somebody on the way.</summary>
    [GeneratedRegex(@"message too long|Frag needed", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TooBig();

    [GeneratedRegex(@"mtu ?= ?(?<mtu>\d{1,5})\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mtu();
}

using System.Collections.Immutable;
using System.Globalization;

namespace LabNet.Core.GuestAgent;

/// <summary>What a guest's kernel says of its own state, read often. A part that it does not have is null.</summary>
/// <param name="UptimeSeconds">Since the guest booted.</param>
/// <param name="Pressure">
/// By resource (<c>cpu</c>, <c>memory</c>, <c>io</c>): microseconds since boot in which some process waited for it. Null where the kernel does not
/// count that (CONFIG_PSI, psi=1).
/// </param>
public sealed record GuestVitals(double UptimeSeconds, GuestLoad Load, ImmutableSortedDictionary<string, long>? Pressure);

/// <summary>Reads them by the agent's own file commands; no process is started in the guest.</summary>
internal static class GuestVitalsReader
{
    private static readonly string[] Resources = ["cpu", "io", "memory"];

    /// <exception cref="GuestAgentException"/>
    public static async Task<GuestVitals> ReadVitalsAsync(this GuestAgentClient agent, CancellationToken cancellationToken)
    {
        var uptime = GuestProc.Uptime(await agent.ReadTextAsync("/proc/uptime", cancellationToken));
        var load = GuestProc.Load(await agent.ReadTextAsync("/proc/loadavg", cancellationToken));
        return new GuestVitals(uptime, load, await ReadPressureAsync(agent, cancellationToken));
    }

    private static async Task<ImmutableSortedDictionary<string, long>?> ReadPressureAsync(GuestAgentClient agent, CancellationToken cancellationToken)
    {
        var pressure = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        try
        {
            foreach (var resource in Resources)
            {
                if (GuestPressure.SomeMicroseconds(await agent.ReadTextAsync($"/proc/pressure/{resource}", cancellationToken)) is { } waited)
                {
                    pressure[resource] = waited;
                }
            }
        }
        catch (GuestAgentCommandException)
        {
            // There is no such file in a kernel that does not count it.
        }

        return pressure.Count == 0 ? null : pressure.ToImmutable();
    }
}

/// <summary>
/// A file of /proc/pressure (Documentation/accounting/psi.rst of Linux):
/// <code>
/// text = "some avg10=" NUMBER " avg60=" NUMBER " avg300=" NUMBER " total=" MICROSECONDS LF [ "full " … ]
/// </code>
/// </summary>
internal static class GuestPressure
{
    private const string Total = " total=";

    /// <summary>Since boot; null if the text is none of these.</summary>
    public static long? SomeMicroseconds(string text)
    {
        var line = text.Split('\n')[0];
        var at = line.IndexOf(Total, StringComparison.Ordinal);
        return line.StartsWith("some ", StringComparison.Ordinal) && at >= 0
            && long.TryParse(line[(at + Total.Length)..], NumberStyles.None, CultureInfo.InvariantCulture, out var total)
            ? total
            : null;
    }
}

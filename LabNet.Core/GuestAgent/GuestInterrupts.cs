using System.Collections.Immutable;

namespace LabNet.Core.GuestAgent;

/// <summary>A line of the guest's /proc/interrupts.</summary>
/// <param name="Irq">The number, or a word of the architecture such as <c>LOC</c> or <c>IPI0</c>.</param>
/// <param name="Name">The chip and the devices, such as <c>PCI-MSI 81920-edge virtio0-config</c>; may be empty.</param>
/// <param name="PerCpu">How often, on each processor that is online; one number where the kernel counts it for all together.</param>
public sealed record GuestInterrupt(string Irq, string Name, ImmutableArray<long> PerCpu)
{
    /// <summary>Of all processors; a guest that lies about its counts may make it overflow.</summary>
    public long Total => PerCpu.Aggregate(0L, static (sum, count) => unchecked(sum + count));
}

/// <summary>
/// /proc/interrupts (proc(5), kernel/irq/proc.c):
/// <code>
/// head = { "CPU" NUMBER }
/// line = IRQ ":" { COUNT } NAME          (as many counts as processors; some lines have a single one)
/// </code>
/// </summary>
internal static class GuestInterrupts
{
    /// <exception cref="GuestAgentUnavailableException">It has no head.</exception>
    public static ImmutableArray<GuestInterrupt> Parse(string text)
    {
        var lines = text.Split('\n');
        var processors = Words(lines[0]).TakeWhile(word => word.StartsWith("CPU", StringComparison.Ordinal)).Count();
        return processors == 0
            ? throw new GuestAgentUnavailableException("The guest's /proc/interrupts cannot be understood: it does not begin with its processors.")
            : [.. lines.Skip(1).Select(line => ParseLine(line, processors)).OfType<GuestInterrupt>()];
    }

    private static GuestInterrupt? ParseLine(string line, int processors)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return null;
        }

        var words = Words(line[(colon + 1)..]);
        var counts = ImmutableArray.CreateBuilder<long>();
        while (counts.Count < processors && counts.Count < words.Length && long.TryParse(words[counts.Count], out var count))
        {
            counts.Add(count);
        }

        return new GuestInterrupt(line[..colon].Trim(), string.Join(' ', words[counts.Count..]), counts.ToImmutable());
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

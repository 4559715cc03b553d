using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

/// <summary>A network interface as the kernel has it.</summary>
public sealed record InterfaceState(string Name, int MtuBytes, bool Up);

/// <summary>What went over a network interface since it was made, in its own view: what a VM sends, its tap receives.</summary>
public sealed record InterfaceCounters(long RxBytes, long RxPackets, long RxDropped, long TxBytes, long TxPackets, long TxDropped);

public sealed partial class Host
{
    /// <summary>What <c>network.sh check</c> exits with when something is to be done.</summary>
    private const int NetworkDiffers = 3;

    /// <summary>Makes the kernel's state what the spec says. Needs root only when something is to be done.</summary>
    /// <exception cref="HostException">It could not be done; the message says what stood in the way and the command for the user.</exception>
    public async Task ApplyNetworkAsync(LabName lab, string spec, CancellationToken cancellationToken)
    {
        var script = Path.Join(Settings.InfraFolder, "network.sh");
        var check = await RunToEndAsync(script, ["check", "--lab", lab.ToString(), "-"], spec, cancellationToken);
        if (check.Status == 0)
        {
            return;
        }

        if (check.Status != NetworkDiffers)
        {
            throw new HostException(check.Errors.Trim());
        }

        string[] up = ["up", "--lab", lab.ToString(), "--user", Environment.UserName, "-"];
        var applied = Environment.IsPrivilegedProcess
            ? await RunToEndAsync(script, up, spec, cancellationToken)
            : await RunToEndAsync("sudo", ["--non-interactive", script, .. up], spec, cancellationToken);
        if (applied.Status != 0)
        {
            throw new HostException(applied.Errors.Trim());
        }
    }

    /// <summary>Null if there is no such interface.</summary>
    public static InterfaceState? ReadInterface(string name)
    {
        try
        {
            var folder = Path.Join("/sys/class/net", name);
            var mtu = int.Parse(File.ReadAllText(Path.Join(folder, "mtu")), CultureInfo.InvariantCulture);
            var flags = Convert.ToInt32(File.ReadAllText(Path.Join(folder, "flags")).Trim(), 16);
            return new InterfaceState(name, mtu, (flags & InterfaceUp) != 0);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>One read of /proc/net/dev for all of them; null for one that is not there.</summary>
    public static InterfaceCounters?[] ReadInterfaceCounters(params IReadOnlyList<string> names)
    {
        var counters = new InterfaceCounters?[names.Count];
        if (names.Count == 0)
        {
            return counters;
        }

        Count(File.ReadLines("/proc/net/dev"), names, counters);
        return counters;
    }

    private static void Count(IEnumerable<string> lines, IReadOnlyList<string> names, InterfaceCounters?[] counters)
    {
        foreach (var line in lines)
        {
            for (var place = 0; place < names.Count; place++)
            {
                if (line.AsSpan().TrimStart() is var rest && rest.StartsWith(names[place]) && rest[names[place].Length..] is [':', .. var numbers])
                {
                    counters[place] = Counted(numbers);
                }
            }
        }
    }

    /// <summary>Eight numbers of what was received, eight of what was sent: bytes, packets, errors, dropped, and others (proc(5)).</summary>
    private static InterfaceCounters Counted(ReadOnlySpan<char> numbers)
    {
        Span<long> counted = stackalloc long[16];
        var place = 0;
        foreach (var range in numbers.Split(' '))
        {
            if (!numbers[range].IsEmpty && place < counted.Length)
            {
                counted[place++] = long.Parse(numbers[range], CultureInfo.InvariantCulture);
            }
        }

        return new InterfaceCounters(counted[0], counted[1], counted[3], counted[8], counted[9], counted[11]);
    }

    /// <summary>IFF_UP of linux/if.h.</summary>
    private const int InterfaceUp = 1;
}

using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Core.Devices;

/// <summary>What the guest makes of a device at one place of its PCI buses, asked by the agent.</summary>
internal static partial class GuestDevice
{
    /// <summary>An emulated guest that is busy needs some seconds; one that has no driver will never see it.</summary>
    private const string LooksMax = "300";
    private const string SecondsBetweenLooks = "0.1";
    private const int SecondsMax = 30;

    /// <summary>What a guest says can be 16 MiB, and goes into an operation's error, which everybody who looks is sent.</summary>
    private const int UsesMax = 8;
    private const int UseCharsMax = 160;

    /// <summary>
    /// Prints the device's names as soon as a driver has made something of it. Paths of the shell's patterns, as in
    /// <see cref="GuestPciFunctions"/>; the looking happens in the guest, so that nobody waits for a whole round of asking.
    /// </summary>
    private const string WaitScript = $$"""
        d=/sys/bus/pci/devices/0000:$1; n=0
        while [ $n -lt {{LooksMax}} ]; do
          for f in $d/virtio*/block/* $d/virtio*/net/* $d/net/* $d/nvme/nvme*/nvme*n* $d/virtio*/host*/target*/*/block/*; do
            if [ -e "$f" ]; then echo "${f##*/}"; exit 0; fi
          done
          n=$((n+1)); sleep {{SecondsBetweenLooks}}
        done
        if [ -e $d ]; then echo 'it sees the device and has no driver for it' >&2; else echo 'it does not see the device' >&2; fi
        exit 1
        """;

    /// <summary>
    /// Prints what of the device's disks is mounted or swapped on (device and place), and the processes that have it open, a line each; udev
    /// opens whatever is new for a moment.
    /// </summary>
    private const string UsesScript = """
        d=/sys/bus/pci/devices/0000:$1
        for f in $d/virtio*/block/* $d/nvme/nvme*/nvme*n* $d/virtio*/host*/target*/*/block/*; do
          [ -e "$f" ] || continue
          n=/dev/${f##*/}
          grep -h "^$n" /proc/mounts /proc/swaps | cut -d ' ' -f 1,2
          ls -l /proc/[0-9]*/fd 2>/dev/null | sed -n -e '/^\/proc/{s#[^0-9]##g;h}' -e "\\#-> $n[p0-9]*\$#{g;p}" | sort -u | while read -r p; do
            read -r c 2>/dev/null </proc/$p/comm && case $c in *udev*) ;; *) echo "$c (process $p)" ;; esac
          done
        done
        """;

    /// <summary>Ends as soon as the guest's kernel has found the device, whatever it makes of it.</summary>
    private const string SeenScript = $$"""
        n=0
        while [ $n -lt {{LooksMax}} ]; do
          if [ -e /sys/bus/pci/devices/0000:$1 ]; then exit 0; fi
          n=$((n+1)); sleep {{SecondsBetweenLooks}}
        done
        exit 1
        """;

    /// <summary>Waits for a device that no driver need take.</summary>
    /// <exception cref="VmConflictException">The guest has not found it in time.</exception>
    /// <exception cref="GuestAgentException"/>
    public static async Task WaitUntilSeenAsync(VmSession vm, PciAddress address, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(Script(SeenScript, address), cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new VmConflictException($"The guest of {vm.State.Name} has not found the device at {address} within {SecondsMax} s. Look at its console for the reason.");
        }
    }

    /// <returns>The name, such as <c>vdb</c>.</returns>
    /// <exception cref="VmConflictException">The guest has not made anything of it in time.</exception>
    /// <exception cref="GuestAgentException"/>
    public static async Task<string?> WaitAsync(VmSession vm, PciAddress address, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(Script(WaitScript, address), cancellationToken);
        return result.ExitCode == 0 && NameIn(result.Stdout.Span) is { } name
            ? name
            : throw new VmConflictException(
                $"The guest of {vm.State.Name} has not taken the device at {address} within {SecondsMax} s: {string.Join(' ', LinesOf(result.Stderr.Span).DefaultIfEmpty("it does not say how it calls it"))}.");
    }

    /// <summary>What in the guest uses a disk, such as <c>/dev/vdb1 /data</c>; empty for nothing.</summary>
    /// <exception cref="GuestAgentException"/>
    public static async Task<IReadOnlyList<string>> ReadUsesAsync(VmSession vm, PciAddress address, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(Script(UsesScript, address), cancellationToken);
        return LinesOf(result.Stdout.Span);
    }

    /// <summary>The name that a guest says; null for what is none. It is kept, and shown wherever the device is.</summary>
    public static string? NameIn(ReadOnlySpan<byte> output)
    {
        var text = Encoding.UTF8.GetString(output).Trim();
        return NamePattern().IsMatch(text) ? text : null;
    }

    /// <summary>The first of a guest's lines, each cut to a length that can be read.</summary>
    public static IReadOnlyList<string> LinesOf(ReadOnlySpan<byte> output)
    {
        var lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        List<string> told = [.. lines.Take(UsesMax).Select(line => line.Length > UseCharsMax ? line[..UseCharsMax] + "…" : line)];
        return lines.Length > UsesMax ? [.. told, $"and {lines.Length - UsesMax} more"] : told;
    }

    private static GuestProgram Script(string text, PciAddress address) => new("/bin/sh", ["-c", text, "sh", address.ToString()]);

    /// <summary>An interface's name has 15 characters at most (IFNAMSIZ), a disk's 31 (DISK_NAME_LEN).</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]{1,31}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}

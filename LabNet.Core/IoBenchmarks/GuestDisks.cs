using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;

namespace LabNet.Core.IoBenchmarks;

/// <summary>A disk, or a partition of one, in the guest.</summary>
/// <param name="Name">Such as <c>vda1</c>.</param>
/// <param name="Numbers">Major and minor, such as <c>254:1</c>.</param>
/// <param name="IsHeld">Whether another block device stands on it: LVM, RAID, encryption.</param>
/// <param name="Path">In /sys/devices.</param>
internal sealed record GuestBlock(string Name, string Numbers, bool IsHeld, string Path)
{
    public string Device => "/dev/" + Name;
}

/// <param name="Point">Octal escapes resolved.</param>
internal sealed record GuestMount(string Numbers, string Point, bool IsWritable, string Source);

/// <summary>
/// What <see cref="Program"/> tells of a guest: its block devices, what is mounted, and whether fio is there. A line each:
/// <code>
/// line  = "block " MAJOR:MINOR " " ( "free" | "held" ) " " PATH   the path below /sys/devices
///       | "fio " PID                                            an fio that runs
///       | "swap " LINE                                          of /proc/swaps
///       | "mount " LINE | "other " LINE                         of mountinfo (proc(5)), the agent's own and of all processes
///       | "has fio"
///       | "end"
/// </code>
/// The guest is not trusted: what it says decides on its own disks only, and of its names those are taken that mean nothing to a shell or fio.
/// </summary>
internal sealed partial class GuestDisks
{
    /// <summary>Where programs may put what is large and need not last (hier(7)); /tmp is often memory.</summary>
    private const string ScratchFolder = "/var/tmp";

    /// <summary>Built-in words as far as possible: a process costs an emulated guest 10 ms and more.</summary>
    private const string Script = """
        for b in /sys/class/block/*; do
          read -r n <"$b/dev" || continue
          cd -P "$b" || continue
          h=free
          for x in holders/*; do [ -e "$x" ] && h=held; done
          printf 'block %s %s %s\n' "$n" "$h" "$PWD"
        done
        for c in /proc/[0-9]*/comm; do
          read -r n <"$c" && [ "$n" = fio ] && c=${c#/proc/} && printf 'fio %s\n' "${c%/comm}"
        done
        while read -r l; do printf 'swap %s\n' "$l"; done </proc/swaps
        while read -r l; do printf 'mount %s\n' "$l"; done </proc/self/mountinfo
        cat /proc/[0-9]*/mountinfo | sort -u | while read -r l; do printf 'other %s\n' "$l"; done
        command -v fio >/dev/null && echo has fio
        echo end
        """;

    public static readonly GuestProgram Program = new("/bin/sh", ["-c", Script]);

    private readonly List<GuestBlock> _blocks = [];
    private readonly List<GuestMount> _mounts = [];
    private readonly List<GuestMount> _otherMounts = [];
    private readonly HashSet<string> _swaps = new(StringComparer.Ordinal);

    private GuestDisks()
    {
    }

    public bool HasFio { get; private set; }

    /// <summary>The process id of an fio that runs; null for none.</summary>
    public long? RunningFio { get; private set; }

    /// <returns>False if the list is not whole.</returns>
    public static bool TryParse(ReadOnlySpan<byte> output, [NotNullWhen(true)] out GuestDisks? disks)
    {
        var read = new GuestDisks();
        var isWhole = false;
        foreach (var line in Encoding.UTF8.GetString(output).Split('\n'))
        {
            var end = line.IndexOf(' ', StringComparison.Ordinal);
            var (word, rest) = end < 0 ? (line, "") : (line[..end], line[(end + 1)..]);
            isWhole |= line == "end";
            read.Take(word, rest);
        }

        disks = isWhole ? read : null;
        return isWhole;
    }

    /// <summary>The whole disks at an address: one, unless the guest lacks the driver or the controller has several.</summary>
    public IReadOnlyList<GuestBlock> Find(PciAddress pci, ScsiAddress? scsi)
    {
        var function = $"/{pci.LinuxName}/";
        var there = _blocks.Where(block => Below(block, function, scsi)).ToList();
        return [.. there.Where(block => !there.Exists(whole => whole != block && block.Path.StartsWith(whole.Path + "/", StringComparison.Ordinal)))];
    }

    /// <summary>Why nobody may write to the disk itself; null if it is free.</summary>
    public string? WhyInUse(GuestBlock disk)
    {
        var parts = WithParts(disk);
        var mounts = _mounts.Concat(_otherMounts).Where(mount => parts.Exists(part => IsOn(mount, part))).ToList();
        return mounts.Exists(mount => mount.Point == "/") ? "it is the guest's root disk"
            : mounts is [var first, ..] ? $"it is mounted at {first.Point}"
            : parts.Find(part => part.IsHeld) is { } held ? $"another device of the guest stands on {held.Device} (LVM, RAID or encryption)"
            : parts.Find(part => _swaps.Contains(part.Device)) is { } swap ? $"the guest swaps to {swap.Device}"
            : null;
    }

    /// <summary>A folder on the disk's file system where a file can be written; null if there is none.</summary>
    public string? FindFolder(GuestBlock disk)
    {
        var parts = WithParts(disk);
        var mounts = _mounts.Where(mount => mount.IsWritable && PlainPath().IsMatch(mount.Point) && parts.Exists(part => IsOn(mount, part))).ToList();
        var around = _mounts.Where(mount => mount.Point == "/" || (ScratchFolder + "/").StartsWith(mount.Point + "/", StringComparison.Ordinal))
            .MaxBy(mount => mount.Point.Length);
        return around is not null && mounts.Contains(around) ? ScratchFolder : mounts.Select(mount => mount.Point).FirstOrDefault();
    }

    private void Take(string word, string rest)
    {
        switch (word)
        {
            case "block" when BlockLine().Match(rest) is { Success: true } match:
                _blocks.Add(new GuestBlock(
                    match.Groups["name"].Value, match.Groups["numbers"].Value, match.Groups["held"].Value == "held", match.Groups["path"].Value));
                break;
            case "mount" when MountOf(rest) is { } mount:
                _mounts.Add(mount);
                break;
            case "other" when MountOf(rest) is { } mount:
                _otherMounts.Add(mount);
                break;
            case "swap":
                _swaps.Add(rest.Split([' ', '\t'], 2)[0]);
                break;
            case "has":
                HasFio = true;
                break;
            case "fio" when long.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var pid):
                RunningFio = pid;
                break;
        }
    }

    /// <summary>A mount of mountinfo: ID, parent, numbers, root, point, options, others, a dash, type, source, options.</summary>
    private static GuestMount? MountOf(string line)
    {
        const int Numbers = 2, Point = 4, Options = 5, SourceBehindDash = 2;
        var words = line.Split(' ');
        var dash = Array.IndexOf(words, "-");
        return dash > Options && dash + SourceBehindDash < words.Length
            ? new GuestMount(words[Numbers], Unescaped(words[Point]), IsWritable(words[Options]) && IsWritable(words[^1]), Unescaped(words[dash + SourceBehindDash]))
            : null;
    }

    private static bool IsWritable(string options) => options == "rw" || options.StartsWith("rw,", StringComparison.Ordinal);

    private static string Unescaped(string word) => OctalEscape().Replace(word, match => ((char)Convert.ToInt32(match.Value[1..], 8)).ToString());

    private static bool Below(GuestBlock block, string function, ScsiAddress? scsi)
    {
        var at = block.Path.IndexOf(function, StringComparison.Ordinal);
        return at >= 0 && (scsi is not { } behind
            || (ScsiPart().Match(block.Path, at) is { Success: true } match && match.Groups["address"].Value == $"{behind.Channel}:{behind.Id}:{behind.Lun}"));
    }

    private List<GuestBlock> WithParts(GuestBlock disk) =>
        [.. _blocks.Where(block => block == disk || block.Path.StartsWith(disk.Path + "/", StringComparison.Ordinal))];

    /// <summary>btrfs tells numbers of its own, so the source's name counts as well.</summary>
    private static bool IsOn(GuestMount mount, GuestBlock part) => mount.Numbers == part.Numbers || mount.Source == part.Device;

    [GeneratedRegex(@"\A(?<numbers>\d{1,9}:\d{1,9}) (?<held>free|held) (?<path>/sys/devices/[A-Za-z0-9_:./-]*/(?<name>[A-Za-z0-9_-]{1,64}))\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BlockLine();

    /// <summary>In a path such as <c>…/host0/target0:0:1/0:0:1:0/block/sda</c>.</summary>
    [GeneratedRegex(@"/\d+:(?<address>\d+:\d+:\d+)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ScsiPart();

    /// <summary>fio would take a colon for the beginning of another file's name.</summary>
    [GeneratedRegex(@"\A/[A-Za-z0-9_./-]*\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainPath();

    [GeneratedRegex(@"\\[0-3][0-7]{2}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OctalEscape();
}

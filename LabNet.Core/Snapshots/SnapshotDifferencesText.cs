using System.Globalization;
using System.Text;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>Differences as lines, for scripts and terminals: <c>+</c> came, <c>-</c> went, <c>~</c> changed, <c>?</c> cannot be told.</summary>
public static class SnapshotDifferencesText
{
    /// <summary>Of registers and fields, so many; a running guest changes thousands.</summary>
    private const int LinesMax = 200;

    public static string Of(SnapshotDifferences differences)
    {
        var text = new StringBuilder();
        Line($"{differences.From} → {differences.To}");
        if (differences.Machine is { } machine)
        {
            All("device", machine.Devices);
            All("property", machine.Properties);
            All("block node", machine.BlockNodes);
            All("option", machine.CommandLine);
            foreach (var change in machine.Memory)
            {
                Line($"{Sign(change.From is not null, change.To is not null)} memory map {change.Space.Word()} {change.Range.Owner} {change.Range.Name}: {Hex(change.From)} → {Hex(change.To)}");
            }
        }
        else
        {
            Line($"? machine: {differences.MachineProblem}");
        }

        foreach (var disk in differences.Disks)
        {
            Line(disk.Clusters is { } clusters
                ? $"{(clusters.Clusters == 0 ? "=" : "~")} disk {disk.Node}: {clusters.Clusters} clusters of {clusters.ClusterBytes} bytes ({clusters.Rewritten} rewritten, {clusters.Allocated} allocated, {clusters.Freed} freed) in {clusters.Ranges.Count} ranges{(disk.IsExact ? "" : ", approximately: the guest runs")}"
                : $"? disk {disk.Node}: {disk.Problem}");
            foreach (var file in disk.Files?.Files ?? [])
            {
                Line($"{(file.Change == GuestFileChange.Created ? '+' : file.Change == GuestFileChange.Deleted ? '-' : '~')} file {disk.Node} {Plain(file.Path)}: {file.Bytes} bytes");
            }

            if (disk.FilesProblem is { } problem)
            {
                Line($"? files {disk.Node}: {problem}");
            }
        }

        if (differences.State is { } state)
        {
            foreach (var change in state.Changes.Take(LinesMax))
            {
                Line($"{Sign(change.Before is not null, change.After is not null)} {change.Section} {change.Register ?? change.Path}: {change.Before} → {change.After}");
            }

            if (state.ChangesNotListed + Math.Max(0, state.Changes.Count - LinesMax) is > 0 and var more)
            {
                Line($"~ and {more} more registers and fields");
            }

            foreach (var block in state.Memory)
            {
                Line($"~ memory {block.Block}: {block.ChangedBytes} bytes in {block.Ranges.Count} ranges");
            }
        }
        else
        {
            Line($"? state: {differences.StateProblem}");
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');

        void All(string what, IEnumerable<Difference> all)
        {
            foreach (var one in all)
            {
                Line($"{Sign(one.From is not null, one.To is not null)} {what} {one.What}: {one.From ?? "-"} → {one.To ?? "-"}");
            }
        }
    }

    /// <summary>A guest can name a file anything: a name with a line's end would be a line of its own.</summary>
    private static string Plain(string name) => string.Concat(name.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : $"{c}"));

    private static char Sign(bool was, bool isNow) => (was, isNow) switch
    {
        (true, false) => '-',
        (false, true) => '+',
        _ => '~',
    };

    private static string Hex(ulong? address) => address is { } known ? string.Create(CultureInfo.InvariantCulture, $"0x{known:x}") : "-";
}

using System.Collections.Immutable;
using System.Text.Json;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>One thing that is otherwise.</summary>
/// <param name="What">Its name, such as a device's path, or a device and a property.</param>
/// <param name="From">As it was; null where it was not there.</param>
/// <param name="To">As it is; null where it is gone.</param>
public sealed record Difference(string What, string? From, string? To);

/// <summary>In what two machines differ that can be told without looking into their memory and their disks.</summary>
/// <param name="Devices">Devices that came or went, by their path and type.</param>
/// <param name="Properties">Of devices that both have.</param>
/// <param name="BlockNodes">Nodes of the block graph: driver, file, what they stand on, size.</param>
/// <param name="CommandLine">Options that came or went.</param>
/// <param name="Memory">Regions of the guest's address spaces that came, went or moved.</param>
public sealed record MachineDifferences(
    ImmutableArray<Difference> Devices,
    ImmutableArray<Difference> Properties,
    ImmutableArray<Difference> BlockNodes,
    ImmutableArray<Difference> CommandLine,
    ImmutableArray<MemoryChange> Memory)
{
    /// <summary>The snapshot that QEMU was started from, and the file that its log goes to, are no part of what the machine is.</summary>
    private static readonly HashSet<string> OfTheStart = new(["-loadvm", "-S", "-D"], StringComparer.Ordinal);

    public bool AreNone => Devices.IsEmpty && Properties.IsEmpty && BlockNodes.IsEmpty && CommandLine.IsEmpty && Memory.IsEmpty;

    /// <summary>Pure.</summary>
    public static MachineDifferences Between(MachineFacts from, MachineFacts to)
    {
        var (before, now) = (DeviceTreeText.Parse(from.DeviceTree), DeviceTreeText.Parse(to.DeviceTree));
        return new MachineDifferences(
            Between(before.ToDictionary(one => one.Key, one => one.Value.Type), now.ToDictionary(one => one.Key, one => one.Value.Type)),
            [.. before.Keys.Where(now.ContainsKey).SelectMany(path => Between(before[path].Properties, now[path].Properties).Select(one => one with { What = $"{path} {one.What}" }))],
            Between(NodesOf(from.BlockNodes), NodesOf(to.BlockNodes)),
            Between(OptionsOf(from.CommandLine), OptionsOf(to.CommandLine)),
            MemoryMapDifference.Between(MemoryTreeText.Parse(from.MemoryTree), MemoryTreeText.Parse(to.MemoryTree)));
    }

    private static ImmutableArray<Difference> Between(IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to) =>
    [
        .. from.Keys.Union(to.Keys).Order(StringComparer.Ordinal)
            .Select(what => new Difference(what, from.GetValueOrDefault(what), to.GetValueOrDefault(what)))
            .Where(one => one.From != one.To),
    ];

    /// <summary>What a node is, without what changes from one moment to the next.</summary>
    private static Dictionary<string, string> NodesOf(JsonElement nodes)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var node in nodes.ValueKind == JsonValueKind.Array ? nodes.EnumerateArray() : default)
        {
            // A node without a name of its own gets another one with each start.
            if (Text(node, "node-name") is { Length: > 0 } name && name[0] != '#')
            {
                // The size of a file of the host grows with what the guest writes.
                var size = Text(node, "drv") != "file" && node.TryGetProperty("image", out var image) && image.TryGetProperty("virtual-size", out var bytes) ? $", {bytes.GetRawText()} bytes" : "";
                var backing = Text(node, "backing_file") is { } file ? $", on {file}" : "";
                var readOnly = node.TryGetProperty("ro", out var ro) && ro.ValueKind == JsonValueKind.True ? ", read-only" : "";
                all[name] = $"{Text(node, "drv")} {Text(node, "file")}{backing}{size}{readOnly}";
            }
        }

        return all;
    }

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>An option with its value; one that stands twice is known by its number.</summary>
    private static Dictionary<string, string> OptionsOf(IReadOnlyList<string> arguments)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var takesValue = i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-');
            var option = takesValue ? $"{arguments[i]} {arguments[i + 1]}" : arguments[i];
            var told = Enumerable.Range(1, arguments.Count).Select(number => number == 1 ? option : $"{option} ({number})").First(one => !all.ContainsKey(one));
            all[told] = option;
            i += takesValue ? 1 : 0;
        }

        return all.Where(one => !OfTheStart.Contains(one.Value.Split(' ')[0])).ToDictionary(StringComparer.Ordinal);
    }
}

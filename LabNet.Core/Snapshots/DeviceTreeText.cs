using System.Collections.Immutable;

namespace LabNet.Core.Snapshots;

/// <summary>A device with its properties, as QEMU prints them.</summary>
/// <param name="Path">Where it hangs: buses and devices from the root, a device by its id or else by its type and its number among those of that type on the bus.</param>
/// <param name="Type">Such as <c>virtio-blk-pci</c>.</param>
/// <param name="Id">Empty for none.</param>
public sealed record DeviceFacts(string Path, string Type, string Id, ImmutableSortedDictionary<string, string> Properties);

/// <summary>
/// Reads what QEMU prints for <c>info qtree</c> (softmmu/qdev-monitor.c, since 8.2 system/qdev-monitor.c): two spaces a level.
/// <code>
/// bus    = "bus: " NAME
/// type   = "type " TYPE                      of the bus above
/// dev    = "dev: " TYPE ', id "' ID '"'
/// value  = NAME " = " TEXT                   of the device above; a string in quotes, a number with another form in parentheses
/// other  = a line of the device's bus (addresses, lines, "class …", "bar 0: mem at …"), kept by its first words
/// </code>
/// A text of a user, such as an id or a file's name, can have anything in it but a line end; what does not fit is kept as it is, below the device above.
/// </summary>
internal static class DeviceTreeText
{
    private const int Indent = 2;
    private const string Bus = "bus: ";
    private const string Device = "dev: ";
    private const string Id = ", id \"";
    private const string Equal = " = ";

    public static ImmutableSortedDictionary<string, DeviceFacts> Parse(string text)
    {
        var devices = ImmutableSortedDictionary.CreateBuilder<string, DeviceFacts>(StringComparer.Ordinal);
        var above = new Stack<(int Depth, string Path)>();
        DeviceFacts? device = null;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.TrimEnd('\r');
            var plain = line.TrimStart(' ');
            if (plain.Length == 0)
            {
                continue;
            }

            var depth = (line.Length - plain.Length) / Indent;
            if (plain.StartsWith(Bus, StringComparison.Ordinal) || plain.StartsWith(Device, StringComparison.Ordinal))
            {
                while (above.TryPeek(out var last) && last.Depth >= depth)
                {
                    above.Pop();
                }
            }

            var root = above.TryPeek(out var place) ? $"{place.Path}/" : "";
            if (plain.StartsWith(Bus, StringComparison.Ordinal))
            {
                above.Push((depth, root + plain[Bus.Length..]));
                device = null;
            }
            else if (plain.StartsWith(Device, StringComparison.Ordinal))
            {
                device = Begin(plain[Device.Length..], root, devices);
                devices[device.Path] = device;
                above.Push((depth, device.Path));
            }
            else if (device is not null)
            {
                devices[device.Path] = device = With(device, plain);
            }
        }

        return devices.ToImmutable();
    }

    private static DeviceFacts Begin(string told, string root, ImmutableSortedDictionary<string, DeviceFacts>.Builder devices)
    {
        var at = told.IndexOf(Id, StringComparison.Ordinal);
        var (type, id) = at < 0 ? (told, "") : (told[..at], told[(at + Id.Length)..].TrimEnd('"'));
        var name = id.Length > 0 ? id : type;
        var path = Enumerable.Range(0, devices.Count + 1).Select(number => number == 0 ? root + name : $"{root}{name}[{number}]").First(one => !devices.ContainsKey(one));
        return new DeviceFacts(path, type, id, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));
    }

    private static DeviceFacts With(DeviceFacts device, string line)
    {
        var at = line.IndexOf(Equal, StringComparison.Ordinal);
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        var (name, value) = at > 0 ? (line[..at], line[(at + Equal.Length)..])
            : colon > 0 ? (line[..colon], line[(colon + 2)..])
            : line.LastIndexOf(' ') is > 0 and var space ? (line[..space], line[(space + 1)..])
            : (line, "");
        return device with { Properties = device.Properties.SetItem(name, value) };
    }
}

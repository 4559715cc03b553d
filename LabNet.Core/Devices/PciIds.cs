using System.Collections.Concurrent;
using System.Globalization;

namespace LabNet.Core.Devices;

/// <summary>
/// The names of PCI vendors, devices and classes. pci.ids(5), by its lines:
/// <code>
/// vendor     = HEX4 "  " NAME
/// device     = TAB HEX4 "  " NAME              (of the vendor above it)
/// subsystem  = TAB TAB HEX4 " " HEX4 "  " NAME
/// class      = "C " HEX2 "  " NAME
/// subclass   = TAB HEX2 "  " NAME              (of the class above it)
/// interface  = TAB TAB HEX2 "  " NAME
/// comment    = "#" …
/// </code>
/// </summary>
/// <remarks>
/// Thread-safe. The file has 1.4 MB; only the names that were asked for are kept, and it is read again (some milliseconds) for those that
/// were not asked for before. Without the file nothing has a name.
/// </remarks>
/// <param name="path">The file; null where this machine has none.</param>
public sealed class PciIds(string? path)
{
    /// <summary>A class without its subclass; none has this number.</summary>
    private const int SubclassUnknown = 0xff;

    /// <summary>Where distributions put it; Debian's package is called pci.ids.</summary>
    private static readonly string[] Places = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"];

    private readonly ConcurrentDictionary<(int Vendor, int Device), PciName> _names = new();
    private readonly ConcurrentDictionary<int, string> _classes = new();

    /// <summary>That of this machine.</summary>
    public static PciIds OfThisMachine() => new(Array.Find(Places, File.Exists));

    /// <summary>Reads the names of these, where they were not read before. An unreadable file gives no names.</summary>
    public void Learn(IEnumerable<(int Vendor, int Device)> ids)
    {
        var unknown = ids.Where(id => !_names.ContainsKey(id)).ToHashSet();
        if (unknown.Count == 0)
        {
            return;
        }

        var found = unknown.ToDictionary(id => id, _ => new PciName(null, null));
        if (path is not null)
        {
            try
            {
                Read(File.ReadLines(path), found);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }

        foreach (var (id, name) in found)
        {
            _names[id] = name;
        }
    }

    /// <summary>What was learned of a device.</summary>
    public PciName NameOf(int vendor, int device) => _names.GetValueOrDefault((vendor, device), new PciName(null, null));

    /// <param name="code">Class and subclass, such as 0x0200.</param>
    /// <returns>Null where it is not known, or nothing was learned yet.</returns>
    public string? ClassName(int code) => _classes.GetValueOrDefault(code) ?? _classes.GetValueOrDefault(code | SubclassUnknown);

    private void Read(IEnumerable<string> lines, Dictionary<(int Vendor, int Device), PciName> found)
    {
        var vendors = found.Keys.ToLookup(id => id.Vendor);
        (int Vendor, string Name)? vendor = null;
        int? classCode = null;
        foreach (var line in lines)
        {
            if (line is ['C', ' ', ..])
            {
                classCode = Hex(line.AsSpan(2), 2);
                vendor = null;
                Keep(classCode is { } known ? (known << 8) | SubclassUnknown : null, line, 4);
            }
            else if (line is ['\t', not '\t', ..] && classCode is { } above)
            {
                Keep(Hex(line.AsSpan(1), 2) is { } subclass ? (above << 8) | subclass : null, line, 3);
            }
            else if (line is ['\t', not '\t', ..] && vendor is { } maker && Hex(line.AsSpan(1), 4) is { } device)
            {
                if (found.ContainsKey((maker.Vendor, device)))
                {
                    found[(maker.Vendor, device)] = new PciName(maker.Name, Name(line, 5));
                }
            }
            else if (line is [not ('\t' or '#'), ..])
            {
                classCode = null;
                vendor = Hex(line, 4) is { } id && vendors.Contains(id) ? (id, Name(line, 4)) : null;
                foreach (var wanted in vendor is null ? [] : vendors[vendor.Value.Vendor])
                {
                    found[wanted] = new PciName(vendor!.Value.Name, null);
                }
            }
        }
    }

    private void Keep(int? code, string line, int from)
    {
        if (code is { } known)
        {
            _classes[known] = Name(line, from);
        }
    }

    private static string Name(string line, int from) => line.Length > from ? line[from..].Trim() : "";

    private static int? Hex(ReadOnlySpan<char> line, int digits) =>
        line.Length > digits && int.TryParse(line[..digits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}

/// <summary>Null where pci.ids does not know it.</summary>
public sealed record PciName(string? Vendor, string? Device);

using System.Buffers.Binary;
using System.Collections.Immutable;

namespace LabNet.Core.Devices;

/// <summary>A capability of a PCI function.</summary>
/// <param name="Id">Its number by the PCI Code and ID Assignment Specification, such as 0x11 for MSI-X.</param>
/// <param name="Offset">Where it stands in the configuration space.</param>
/// <param name="Detail">What it says, in words.</param>
public sealed record PciCapability(int Id, int Offset, string Name, string Detail);

/// <summary>
/// The standard header of a function's configuration space (PCI Local Bus Specification 3.0, 6.1 and 6.7; PCI Express Base Specification,
/// 7.5; VIRTIO 1.2, 4.1.4), as the guest reads it. Every length and offset in it may be nonsense.
/// </summary>
/// <param name="ReactsToIo">Whether the guest has switched on its windows in I/O space.</param>
/// <param name="ReactsToMemory">The same of memory space.</param>
/// <param name="IsBusMaster">Whether it may access the guest's memory by itself.</param>
public sealed record PciConfigSpace(bool ReactsToIo, bool ReactsToMemory, bool IsBusMaster, ImmutableArray<PciCapability> Capabilities)
{
    private const int CommandAt = 0x04;
    private const int StatusAt = 0x06;
    private const int CapabilitiesAt = 0x34;
    private const int HeaderBytes = 0x40;
    private const int HasCapabilities = 1 << 4;
    private const int NotThere = 0xffff;
    private const int VirtioVendor = 0x1af4;

    /// <returns>Null where there is no header, or the function answers all ones.</returns>
    public static PciConfigSpace? Parse(ReadOnlySpan<byte> config)
    {
        if (config.Length < HeaderBytes || Word(config, 0) == NotThere)
        {
            return null;
        }

        var command = Word(config, CommandAt);
        return new PciConfigSpace((command & 1) != 0, (command & 2) != 0, (command & 4) != 0, ReadCapabilities(config));
    }

    private static ImmutableArray<PciCapability> ReadCapabilities(ReadOnlySpan<byte> config)
    {
        if ((Word(config, StatusAt) & HasCapabilities) == 0)
        {
            return [];
        }

        var capabilities = ImmutableArray.CreateBuilder<PciCapability>();
        var seen = new HashSet<int>();
        for (var at = config[CapabilitiesAt] & ~3; at >= HeaderBytes && at + 2 <= config.Length && seen.Add(at); at = config[at + 1] & ~3)
        {
            capabilities.Add(Read(config, at));
        }

        return capabilities.ToImmutable();
    }

    private static PciCapability Read(ReadOnlySpan<byte> config, int at)
    {
        var id = config[at];
        var body = config[at..];
        var (name, bytes) = id switch
        {
            0x01 => ("Power management", 8),
            0x05 => ("MSI", 4),
            0x09 => ("Vendor-specific", 4),
            0x0d => ("Bridge subsystem", 8),
            0x10 => ("PCI Express", 0x14),
            0x11 => ("MSI-X", 12),
            0x12 => ("SATA", 4),
            0x13 => ("Advanced features", 4),
            _ => ($"Capability 0x{id:x2}", 2),
        };
        var detail = body.Length < bytes ? "cut off" : id switch
        {
            0x01 => $"state D{body[4] & 3}",
            0x05 => Msi(Word(body, 2)),
            0x09 => Vendor(config, body),
            0x0d => $"{Word(body, 4):x4}:{Word(body, 6):x4}",
            0x10 => Express(body),
            0x11 => MsiX(body),
            _ => "",
        };
        return new PciCapability(id, at, name, detail);
    }

    private static string Msi(int control)
    {
        var isEnabled = (control & 1) != 0;
        var able = 1 << ((control >> 1) & 7);
        return isEnabled ? $"enabled, {1 << ((control >> 4) & 7)} of {Vectors(able)}" : $"off, {Vectors(able)}";
    }

    private static string MsiX(ReadOnlySpan<byte> body)
    {
        var control = Word(body, 2);
        var table = BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
        var state = (control & 0x8000) == 0 ? "off" : (control & 0x4000) != 0 ? "enabled, masked" : "enabled";
        return $"{state}, {Vectors((control & 0x7ff) + 1)}, table in BAR {table & 7} at 0x{table & ~7u:x}";
    }

    private static string Express(ReadOnlySpan<byte> body)
    {
        var kind = ((Word(body, 2) >> 4) & 0xf) switch
        {
            0 => "endpoint",
            1 => "legacy endpoint",
            4 => "root port",
            5 => "upstream port",
            6 => "downstream port",
            7 => "bridge to PCI",
            8 => "bridge from PCI",
            9 => "endpoint of the root complex",
            10 => "event collector",
            _ => "unknown kind",
        };
        var link = Word(body, 0x12);
        var width = (link >> 4) & 0x3f;
        var speed = (link & 0xf) switch { 1 => "2.5", 2 => "5", 3 => "8", 4 => "16", 5 => "32", 6 => "64", _ => null };
        return width == 0 || speed is null ? kind : $"{kind}, link {speed} GT/s ×{width}";
    }

    private static string Vendor(ReadOnlySpan<byte> config, ReadOnlySpan<byte> body) =>
        Word(config, 0) != VirtioVendor || body.Length < 16 ? $"{body[2]} bytes" : body[3] switch
        {
            1 => $"virtio common configuration{Window(body)}",
            2 => $"virtio notifications{Window(body)}",
            3 => $"virtio interrupt status{Window(body)}",
            4 => $"virtio device configuration{Window(body)}",
            5 => "virtio access by configuration space",
            8 => "virtio shared memory",
            _ => $"virtio, kind {body[3]}",
        };

    private static string Window(ReadOnlySpan<byte> body) =>
        $" in BAR {body[4]} at 0x{BinaryPrimitives.ReadUInt32LittleEndian(body[8..]):x}, {BinaryPrimitives.ReadUInt32LittleEndian(body[12..])} bytes";

    private static string Vectors(int count) => count == 1 ? "1 vector" : $"{count} vectors";

    private static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}

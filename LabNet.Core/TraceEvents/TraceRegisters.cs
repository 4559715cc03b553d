using System.Text;
using LabNet.Core.Vms;

namespace LabNet.Core.TraceEvents;

/// <summary>A register: the texts as they are kept.</summary>
internal sealed record TraceRegister(byte[] Device, byte[] Region, long Offset)
{
    public static TraceRegister Unknown { get; } = new([], [], 0);
}

/// <summary>Which register an address is, by the memory map of one moment.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRegisters(PciAddressMap map)
{
    /// <summary>A guest's drivers use some hundred registers; one that walks through memory is not followed with as much memory.</summary>
    private const int KnownMax = 16 << 10;

    private readonly Dictionary<ulong, TraceRegister> _known = [];

    /// <summary>Where no memory map is known.</summary>
    public static TraceRegisters None { get; } = new(PciAddressMap.Of(new MemoryMap(Memory: null, Io: null, []), []));

    /// <summary>Addresses that nothing answers at: the map is no longer that of the VM, or the guest errs.</summary>
    public long Misses { get; private set; }

    /// <param name="regionName">What QEMU calls the region; by it a port is told from memory at the same address.</param>
    public TraceRegister Find(ulong address, ReadOnlySpan<byte> regionName)
    {
        if (_known.TryGetValue(address, out var known))
        {
            return known;
        }

        var name = Encoding.UTF8.GetString(regionName);
        var port = map.Find(AddressSpace.Io, address);
        var place = port.Range?.Name == name ? port : map.Find(AddressSpace.Memory, address);
        var register = Of(place.Range is null && port.Range is not null ? port : place);
        Misses += register == TraceRegister.Unknown ? 1 : 0;
        if (_known.Count < KnownMax)
        {
            _known[address] = register;
        }

        return register;
    }

    private static TraceRegister Of(AddressPlace place) => place switch
    {
        { Bar: { } bar, Range: { } range } when bar.Opens(place.Space, range) => Register(bar.Device, $"BAR{bar.Bar}", place.Address - bar.Start),
        { Range: { } range } => Register(range.Owner?.ToString() ?? range.Name, range.Name, unchecked(place.Address - range.RegionStart)),
        _ => TraceRegister.Unknown,
    };

    private static TraceRegister Register(string device, string region, ulong offset) => new(Encoding.UTF8.GetBytes(device), Encoding.UTF8.GetBytes(region), (long)offset);
}

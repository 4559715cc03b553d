using System.Text;
using LabNet.Core.Vms;

namespace LabNet.Core.TraceEvents;

/// <summary>A register: the texts as they are kept.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRegister(byte[] device, byte[] region, long offset)
{
    private (TraceTexts? Of, int Version, long Device, long Region) _known;

    /// <summary>Empty where nothing is known of it.</summary>
    public byte[] Device => device;

    public byte[] Region => region;

    public long Offset => offset;

    /// <summary>The numbers of its device's name and its region's.</summary>
    public (long Device, long Region) NumbersIn(TraceTexts texts)
    {
        if (_known.Of != texts || _known.Version != texts.Version)
        {
            _known = (texts, texts.Version, texts.NumberOf(device), texts.NumberOf(region));
        }

        return (_known.Device, _known.Region);
    }
}

/// <summary>Which register an address is, by the memory map of one moment.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRegisters(PciAddressMap map)
{
    /// <summary>A guest's drivers use some hundred registers; one that walks through memory is not followed with as much memory.</summary>
    private const int KnownMax = 16 << 10;

    private readonly Dictionary<ulong, (byte[] Name, TraceRegister Register)> _known = [];

    private readonly TraceRegister _unknown = new([], [], offset: 0);

    /// <summary>Addresses that nothing answers at: the map is no longer that of the VM, or the guest errs.</summary>
    public long Misses { get; private set; }

    /// <summary>For a VM whose memory map is not known.</summary>
    public static TraceRegisters OfNothing() => new(PciAddressMap.Of(new MemoryMap(Memory: null, Io: null, []), []));

    /// <param name="regionName">What QEMU calls the region; by it a port is told from memory at the same address.</param>
    public TraceRegister Find(ulong address, ReadOnlySpan<byte> regionName)
    {
        if (_known.TryGetValue(address, out var known) && regionName.SequenceEqual(known.Name))
        {
            return known.Register;
        }

        var register = Of(address, Encoding.UTF8.GetString(regionName));
        Misses += register == _unknown ? 1 : 0;
        if (_known.Count < KnownMax)
        {
            _known[address] = (regionName.ToArray(), register);
        }

        return register;
    }

    /// <summary>
    /// The range at the address that has the region's name. QEMU cannot tell the address of a region that is shown elsewhere by an alias (PCI's
    /// configuration space on the virt machine): it tells the place within the region then, whose name is all that leads to it.
    /// </summary>
    private TraceRegister Of(ulong address, string name)
    {
        foreach (var space in (AddressSpace[])[AddressSpace.Io, AddressSpace.Memory])
        {
            if (map.Find(space, address) is { Range: { } range } place && range.Name == name)
            {
                return place.Bar is { } bar && bar.Opens(space, range)
                    ? Register(bar.Device, $"BAR{bar.Bar}", address - bar.Start)
                    : Register(range.Owner?.ToString() ?? name, name, unchecked(address - range.RegionStart));
            }
        }

        var named = map.Map.Spaces.SelectMany(space => space.Ranges).FirstOrDefault(range => range.Name == name);
        return named is null ? _unknown : Register(named.Owner?.ToString() ?? name, name, address);
    }

    private static TraceRegister Register(string device, string region, ulong offset) => new(Encoding.UTF8.GetBytes(device), Encoding.UTF8.GetBytes(region), (long)offset);
}

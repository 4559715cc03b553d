using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>The addresses that a drawing to scale shows.</summary>
/// <param name="To">The last one, itself included.</param>
public readonly record struct MemoryWindow(ulong From, ulong To)
{
    /// <summary>Narrower than this nothing more is to be seen: registers are a byte at least.</summary>
    private const ulong AddressesMin = 16;

    /// <summary>A page, or the ports of a small device: what lies around a tiny range tells where it is.</summary>
    private const ulong MemoryAroundMin = 0x1000;
    private const ulong PortsAroundMin = 0x20;

    /// <summary>How much of the window a chosen range takes when the window goes to it.</summary>
    private const int PartOfWindow = 3;

    /// <summary>A range that is shown smaller than this has to be zoomed to.</summary>
    private const double SeenPercentMin = 0.5;

    public UInt128 Addresses => (UInt128)To - From + 1;

    /// <summary>Everything up to the last range.</summary>
    public static MemoryWindow Whole(FlatMemory memory) => new(0, memory.Ranges.Length == 0 ? AddressesMin - 1 : memory.Ranges[^1].End);

    public static MemoryWindow Around(AddressSpace space, ulong start, ulong end)
    {
        var size = UInt128.Max(((UInt128)end - start + 1) * PartOfWindow, space == AddressSpace.Memory ? MemoryAroundMin : PortsAroundMin);
        return Of(((UInt128)start + end + 1) / 2, size);
    }

    public static MemoryWindow? Of(string? from, string? to) =>
        MemoryAddress.TryParse(from, out var first) && MemoryAddress.TryParse(to, out var last) && last > first && last - first >= AddressesMin - 1
            ? new MemoryWindow(first, last)
            : null;

    /// <summary>Four times as near, around the middle or around an address in it.</summary>
    public MemoryWindow In(ulong? around) => Of(Middle(around), UInt128.Max(Addresses / 4, AddressesMin));

    public MemoryWindow Out(MemoryWindow whole)
    {
        var wider = Of(Middle(around: null), Addresses * 4);
        return wider.Addresses >= whole.Addresses ? whole : wider;
    }

    /// <summary>By half its width, towards lower or higher addresses.</summary>
    public MemoryWindow Moved(bool up)
    {
        var half = Addresses / 2;
        var middle = Middle(around: null);
        return Of(up ? middle + half : middle > half ? middle - half : 0, Addresses);
    }

    public bool Shows(MemoryRange range) => range.Start <= To && range.End >= From;

    /// <summary>Whether the range is whole in it, and large enough to be seen.</summary>
    public bool ShowsWell(MemoryRange range) => range.Start >= From && range.End <= To && Place(range).Width >= SeenPercentMin;

    /// <summary>Where it is drawn, as percents of the width; what reaches beyond the window is cut off.</summary>
    public (double Left, double Width) Place(MemoryRange range)
    {
        var (first, last) = (Math.Max(range.Start, From), Math.Min(range.End, To));
        return (Percent((UInt128)first - From), Percent((UInt128)last - first + 1));
    }

    /// <summary>The address at so many quarters of the width.</summary>
    public ulong Quarter(int quarters) => quarters == 4 ? To : (ulong)(From + (Addresses * (uint)quarters / 4));

    private double Percent(UInt128 addresses) => 100.0 * (double)addresses / (double)Addresses;

    private UInt128 Middle(ulong? around) => around is { } address && address >= From && address <= To ? address : ((UInt128)From + To + 1) / 2;

    /// <summary>
    /// Of a power of two's width, from a quarter of it on, so that round addresses stand below the drawing; pushed back where it would reach
    /// beyond the lowest or the highest address.
    /// </summary>
    private static MemoryWindow Of(UInt128 middle, UInt128 size)
    {
        var all = (UInt128)ulong.MaxValue + 1;
        if (size > all / 2)
        {
            return new MemoryWindow(0, ulong.MaxValue);
        }

        var width = UInt128.One << (128 - (int)UInt128.LeadingZeroCount(size - 1));
        var quarters = middle > width / 2 ? (middle - (width / 2)) / (width / 4) : 0;
        var from = UInt128.Min(quarters * (width / 4), all - width);
        return new MemoryWindow((ulong)from, (ulong)(from + width - 1));
    }
}

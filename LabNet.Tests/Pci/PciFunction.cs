namespace LabNet.Tests.Pci;

/// <summary>One PCI function: its configuration space, and its BARs where the test put them.</summary>
internal sealed class PciFunction(PciMachine machine, QtestClient qtest, int bus, int device, int function = 0)
{
    public const int Command = 0x04;
    public const uint MemoryAndMaster = 0x6;
    public const uint MemoryOnly = 0x2;

    public const int Express = 0x10;

    private const int SlotControl = 0x18;
    private const uint PowerOn = 0x1c0;
    private const uint NoPower = 0x7c0;
    private const int FirstBar = 0x10;
    private const int FirstCapability = 0x34;
    private const int BarCount = 6;

    private readonly int _where = (bus << 8) | (device << 3) | function;
    private readonly Dictionary<int, (ulong Address, ulong Size)> _bars = [];

    public uint ReadConfig(int offset, int bytes = 4) => machine.ReadConfig(qtest, _where, offset, bytes);

    public void WriteConfig(int offset, uint value, int bytes = 4) => machine.WriteConfig(qtest, _where, offset, bytes, value);

    public ulong AddressOf(int bar) => _bars[bar].Address;

    public ulong SizeOf(int bar) => _bars[bar].Size;

    public bool HasBar(int bar) => _bars.ContainsKey(bar);

    /// <summary>Gives each BAR an address of its own, as firmware would, and lets the device be seen.</summary>
    public void PlaceBars()
    {
        _bars.Clear();
        var next = machine.Window;
        for (var bar = 0; bar < BarCount; bar++)
        {
            var at = FirstBar + (4 * bar);
            WriteConfig(at, 0xffffffff);
            var told = ReadConfig(at);
            if (told == 0)
            {
                continue;
            }

            var size = (ulong)(~(told & ~0xfu) + 1);
            next = (next + size - 1) & ~(size - 1);
            WriteConfig(at, (uint)next);
            _bars[bar] = (next, size);
            next += size;
            if ((told & 0x6) == 0x4)
            {
                WriteConfig(at + 4, 0);
                bar++;
            }
        }

        WriteConfig(Command, MemoryAndMaster, bytes: 2);
    }

    /// <returns>Its offset, 0 if there is none.</returns>
    public int FindCapability(int id)
    {
        var at = (int)ReadConfig(FirstCapability, bytes: 1);
        for (var hops = 0; at != 0 && hops < 48; hops++)
        {
            if (ReadConfig(at, bytes: 1) == id)
            {
                return at;
            }

            at = (int)ReadConfig(at + 1, bytes: 1);
        }

        return 0;
    }

    /// <summary>Of a root port: power for its slot, the bus behind it, and a window onto what hangs there.</summary>
    public void OpenPort(int secondary)
    {
        WriteConfig(FindCapability(Express) + SlotControl, PowerOn, bytes: 2);
        var window = (uint)(machine.Window >> 16);
        WriteConfig(0x18, (uint)(bus | (secondary << 8) | (secondary << 16)));
        WriteConfig(0x20, window | ((window + 0xf0) << 16));
        WriteConfig(Command, MemoryAndMaster, bytes: 2);
    }

    /// <summary>Of a root port: the guest's part of unplugging. When it takes the power away, QEMU takes the device.</summary>
    public void PowerOff() => WriteConfig(FindCapability(Express) + SlotControl, NoPower, bytes: 2);
}

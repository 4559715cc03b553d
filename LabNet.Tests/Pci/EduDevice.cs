using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace LabNet.Tests.Pci;

/// <summary>One entry of labnet-edu's scatter list.</summary>
/// <param name="Flags">Offset in BAR 2; <see cref="ToDevice"/> for the direction.</param>
internal readonly record struct ScatterEntry(ulong Address, uint Length, uint Flags)
{
    public const uint ToDevice = 0x80000000;
    public const int Bytes = 16;
}

/// <summary>labnet-edu with what its tests do again and again.</summary>
internal sealed class EduDevice : PciDevice
{
    private const int StepsMax = 10_000;
    private const uint AllCauses = 0x3f;

    private EduDevice(PciMachine machine, QtestQemu qemu)
        : base(PciDevices.Model("labnet-edu"), machine, qemu)
    {
    }

    /// <summary>Where tests put scatter lists.</summary>
    public ulong List => Machine.Ram;

    /// <summary>Guest memory for data: 8 MiB, behind the lists.</summary>
    public ulong Data => Machine.Ram + 0x10000;

    public ulong Memory => Function.AddressOf(2);

    public static async Task<EduDevice> StartAsync(string architecture, CancellationToken cancel, string properties = "", params string[] more)
    {
        var machine = PciMachine.Of(architecture);
        var device = new EduDevice(machine, await QtestQemu.StartAsync(machine, ["-device", $"labnet-edu,id=dut,addr=3{properties}", .. more], cancel));
        machine.InterceptInterrupts(device.Qemu);
        return device;
    }

    /// <summary>Where it can be unplugged.</summary>
    public static async Task<EduDevice> StartBehindPortAsync(string architecture, CancellationToken cancel)
    {
        var machine = PciMachine.Of(architecture);
        string[] arguments = ["-device", "pcie-root-port,id=rp,chassis=1,addr=4", "-device", "labnet-edu,id=dut,bus=rp"];
        var device = new EduDevice(machine, await QtestQemu.StartAsync(machine, arguments, cancel));
        device.EnterPort();
        return device;
    }

    private PciFunction Port => new(Machine, Qtest, bus: 0, device: 4);

    /// <summary>As firmware would.</summary>
    public void EnterPort()
    {
        Port.OpenPort(secondary: 1);
        Function = new PciFunction(Machine, Qtest, bus: 1, device: 0);
        Function.PlaceBars();
    }

    public void Unplug()
    {
        Qemu.Unplug("dut");
        Port.PowerOff();
        Assert.False(Qemu.Has("dut"));
    }

    public void PlugAnew()
    {
        Qemu.Plug(new JsonObject { ["driver"] = "labnet-edu", ["id"] = "dut", ["bus"] = "rp" });
        EnterPort();
    }

    public void EnableAll() => Write("IRQ_ENABLE", AllCauses);

    public bool Has(string cause) => (Read("IRQ_STATUS") & Bit("IRQ_STATUS", cause)) != 0;

    public string State => Register("DMA_STATE").Values.Single(value => value.Value == Read("DMA_STATE")).Name;

    public string Error => Register("DMA_ERROR").Values.Single(value => value.Value == Read("DMA_ERROR")).Name;

    public void Begin(params ReadOnlySpan<ScatterEntry> entries)
    {
        var list = new byte[entries.Length * ScatterEntry.Bytes];
        for (var i = 0; i < entries.Length; i++)
        {
            var at = list.AsSpan(i * ScatterEntry.Bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(at, entries[i].Address);
            BinaryPrimitives.WriteUInt32LittleEndian(at[8..], entries[i].Length);
            BinaryPrimitives.WriteUInt32LittleEndian(at[12..], entries[i].Flags);
        }

        Qtest.WriteBytes(List, list);
        Begin(List, (uint)entries.Length);
    }

    public void Begin(ulong list, uint count)
    {
        Write("DMA_LIST_LO", (uint)list);
        Write("DMA_LIST_HI", (uint)(list >> 32));
        Write("DMA_COUNT", count);
        Write("DMA_COMMAND", Value("DMA_COMMAND", "START"));
    }

    /// <summary>Lets the clock go on until the run is over.</summary>
    public void Finish()
    {
        for (var step = 0; State == "RUNNING"; step++)
        {
            Assert.True(step < StepsMax, "the run does not end");
            Qtest.StepClock();
        }
    }

    /// <summary>A run that must fail; what it says of it has to agree.</summary>
    public string FailureOf(params ReadOnlySpan<ScatterEntry> entries)
    {
        Write("IRQ_STATUS", AllCauses);
        Begin(entries);
        Finish();
        Assert.Equal("ERROR", State);
        Assert.True(Has("DMA_ERROR"));
        Assert.False(Has("DMA_DONE"));
        Assert.Equal(Bit("STATUS", "ERROR"), Read("STATUS"));
        Write("IRQ_STATUS", AllCauses);
        return Error;
    }

    public static byte[] Pattern(int bytes, int seed = 1)
    {
        var data = new byte[bytes];
        new Random(seed).NextBytes(data);
        return data;
    }
}

using LabNet.Core.PciModels;

namespace LabNet.Tests.Pci;

/// <summary>A device in a QEMU of its own, its registers called by their names.</summary>
internal class PciDevice : IAsyncDisposable
{
    private const int Slot = 3;

    protected PciDevice(PciModel model, PciMachine machine, QtestQemu qemu)
    {
        Model = model;
        Machine = machine;
        Qemu = qemu;
        Function = new PciFunction(machine, qemu.Qtest, bus: 0, Slot);
        Function.PlaceBars();
    }

    public PciModel Model { get; }

    public PciMachine Machine { get; }

    public QtestQemu Qemu { get; }

    public PciFunction Function { get; protected set; }

    public QtestClient Qtest => Qemu.Qtest;

    public static async Task<PciDevice> StartAsync(string architecture, string name, CancellationToken cancel, string properties = "")
    {
        var machine = PciMachine.Of(architecture);
        return new PciDevice(PciDevices.Model(name), machine, await QtestQemu.StartAsync(machine, ["-device", $"{name},id=dut,addr={Slot}{properties}"], cancel));
    }

    public PciRegister Register(string name) => Model.Bars.SelectMany(bar => bar.Registers).Single(register => register.Name == name);

    public uint Read(string register) => Read(BarOf(register), Register(register));

    public uint Read(PciModelBar bar, PciRegister register) => (uint)Qtest.Read(Function.AddressOf(bar.Bar) + (ulong)register.Offset, 4);

    public void Write(string register, uint value) => Write(BarOf(register), Register(register), value);

    public void Write(PciModelBar bar, PciRegister register, uint value) => Qtest.Write(Function.AddressOf(bar.Bar) + (ulong)register.Offset, 4, value);

    /// <summary>The bit of a field that has one.</summary>
    public uint Bit(string register, string field) => 1u << Register(register).Fields.Single(one => one.Name == field).Low;

    /// <summary>What a value of a register is called.</summary>
    public uint Value(string register, string name) => (uint)Register(register).Values.Single(value => value.Name == name).Value;

    /// <summary>All registers as they are.</summary>
    public Dictionary<string, uint> ReadAll() => Model.Bars.SelectMany(bar => bar.Registers.Select(register => (register.Name, Value: Read(bar, register)))).ToDictionary();

    public void ResetMachine()
    {
        Qemu.Execute("system_reset");

        // The reset is done by the main loop, after the answer.
        while (Function.ReadConfig(PciFunction.Command, bytes: 2) != 0)
        {
            Qtest.StepClock(TimeSpan.Zero);
        }

        Function.PlaceBars();
    }

    public async ValueTask DisposeAsync()
    {
        await Qemu.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private PciModelBar BarOf(string register) => Model.Bars.Single(bar => bar.Registers.Any(one => one.Name == register));
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using LabNet.Core.RemoteDevices;

namespace LabNet.Tests.Pci.Remote;

/// <summary>labnet-remote in a QEMU of its own, and the socket for its peer.</summary>
internal sealed class RemoteRig : IAsyncDisposable
{
    public const ulong AllOnes = 0xffffffff;

    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder;
    private readonly int _timeoutMs;

    private RemoteRig(TestFolder folder, PciMachine machine, QtestQemu qemu, int timeoutMs)
    {
        _folder = folder;
        _timeoutMs = timeoutMs;
        Machine = machine;
        Qemu = qemu;
        Function = new PciFunction(machine, qemu.Qtest, bus: 0, device: 3);
    }

    public PciMachine Machine { get; }

    public QtestQemu Qemu { get; }

    public PciFunction Function { get; private set; }

    public QtestClient Qtest => Qemu.Qtest;

    public string Socket => SocketIn(_folder);

    public ulong Bar => Function.AddressOf(0);

    /// <summary>Guest memory in which nothing is: some machines have a table at the beginning.</summary>
    public ulong Memory => Machine.Ram + (32UL << 20);

    /// <summary>no-peer, greeting, ready or tripped.</summary>
    public string State => (string)Property("state")!;

    public string Reason => (string)Property("last-reason")!;

    public static async Task<RemoteRig> StartAsync(string architecture, CancellationToken cancel, int timeoutMs = 5000, params string[] more)
    {
        var rig = await StartAsync(architecture, "addr=3", timeoutMs, more, cancel);
        rig.Function.PlaceBars();
        rig.Machine.InterceptInterrupts(rig.Qemu);
        return rig;
    }

    /// <summary>Where it can be unplugged.</summary>
    public static async Task<RemoteRig> StartBehindPortAsync(string architecture, int timeoutMs, CancellationToken cancel)
    {
        string[] port = ["-device", "pcie-root-port,id=rp,chassis=1,addr=4"];
        var rig = await StartAsync(architecture, "bus=rp", timeoutMs, port, cancel);
        rig.EnterPort();
        return rig;
    }

    /// <summary>The guest lets go of what QEMU was asked to unplug.</summary>
    public void LetGo()
    {
        Port.PowerOff();
        Assert.False(Qemu.Has("dut"));
    }

    /// <summary>The device comes anew where it was.</summary>
    public void PlugBehindPort()
    {
        Qemu.Plug(new JsonObject { ["driver"] = "labnet-remote", ["id"] = "dut", ["chardev"] = "peer", ["bus"] = "rp", ["timeout-ms"] = _timeoutMs });
        EnterPort();
    }

    /// <summary>Of QEMU's memory.</summary>
    public long ResidentBytes()
    {
        var pid = File.ReadAllText(_folder.File("pid")).Trim();
        var pages = File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1];
        return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }

    private PciFunction Port => new(Machine, Qtest, bus: 0, device: 4);

    public ulong Counter(string name) => (ulong)Property(name)!;

    /// <summary>A peer that has been greeted, and that QEMU knows to be there.</summary>
    public RemotePeer Connect(bool restored = false)
    {
        var peer = RemotePeer.Connect(Socket);
        var hello = peer.Receive(RemoteOp.Hello);
        Assert.Equal((RemoteMessage.Version, Function.SizeOf(0), restored ? RemoteMessage.Restored : (ushort)0), (hello.Value, hello.Address, hello.Flags));
        peer.Greet(hello);
        Await("ready");
        return peer;
    }

    public void Await(string state) => Await(state, () => State == state);

    /// <summary>What the peer sent, or did, is seen by QEMU when its main loop gets to it.</summary>
    public void Await(string what, Func<bool> holds)
    {
        var since = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < ChangeTimeout, $"{what}: it is {State}, {Reason}");
        }
    }

    public ulong Read(ulong offset = 0, int bytes = 4) => Qtest.Read(Bar + offset, bytes);

    public void Write(ulong offset, int bytes, ulong value) => Qtest.Write(Bar + offset, bytes, value);

    /// <summary>The guest's read, while the test is the peer.</summary>
    public Task<ulong> ReadAsync(ulong offset = 0, int bytes = 4) => Task.Run(() => Read(offset, bytes));

    /// <summary>A read that the peer answers when it has done what is to be done before.</summary>
    public async Task<ulong> ReadAsync(RemotePeer peer, ulong value, Action<RemoteMessage>? before = null)
    {
        var reading = ReadAsync();
        var read = peer.Receive(RemoteOp.Read);
        before?.Invoke(read);
        peer.Answer(read, value);
        return await reading;
    }

    public async ValueTask DisposeAsync()
    {
        await Qemu.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<RemoteRig> StartAsync(string architecture, string place, int timeoutMs, string[] more, CancellationToken cancel)
    {
        var folder = new TestFolder();
        try
        {
            var machine = PciMachine.Of(architecture);
            string[] arguments =
            [
                .. more, "-pidfile", folder.File("pid"), "-chardev", $"socket,id=peer,path={SocketIn(folder)},server=on,wait=off",
                "-device", $"labnet-remote,id=dut,chardev=peer,{place},timeout-ms={timeoutMs}",
            ];
            return new RemoteRig(folder, machine, await QtestQemu.StartAsync(machine, arguments, cancel), timeoutMs);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private void EnterPort()
    {
        Port.OpenPort(secondary: 1);
        Function = new PciFunction(Machine, Qtest, bus: 1, device: 0);
        Function.PlaceBars();
    }

    private static string SocketIn(TestFolder folder) => folder.File("peer");

    private JsonNode? Property(string name) => Qemu.Execute("qom-get", new JsonObject { ["path"] = "/machine/peripheral/dut", ["property"] = name });
}

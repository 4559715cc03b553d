using System.Net;
using System.Net.Sockets;
using LabNet.Core.Hosts;
using LabNet.Core.Traffic;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Traffic;

/// <summary>A relay on a thread of the test's, with sockets at its ports that stand for QEMU's.</summary>
internal sealed class RelayOnThisMachine : IAsyncDisposable
{
    private readonly TestFolder _state = new();
    private readonly List<Socket> _vms = [];
    private readonly Host _host;
    private CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private RelayPlan _plan;

    /// <param name="address">This relay's own, towards others; null for none.</param>
    public RelayOnThisMachine(int nics, string? address = null, int vxlanPort = 4789, params string[] peers)
    {
        _host = new Host(new HostSettings(_state.Path, "", "", "", Machine: null), TimeProvider.System, NullLogger<Host>.Instance);
        Directory.CreateDirectory(_host.RelayFolder);
        Control = new RelayControl(_host, TimeProvider.System);
        _plan = new RelayPlan([new RelayLink("lab", 100, vxlanPort, 1450, address, [.. peers])], []);
        for (var number = 1; number <= nics; number++)
        {
            AddNic();
        }

        Start();
    }

    public RelayControl Control { get; }

    public string Folder => _host.RelayFolder;

    public RelayPlan Plan => _plan;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static int FreePort()
    {
        using var socket = NewSocket();
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The relay sees the new plan soon.</summary>
    public void AddNic()
    {
        var vm = NewSocket();
        _vms.Add(vm);
        var number = _vms.Count;
        _plan = _plan with { Nics = _plan.Nics.Add(new RelayNic($"t-{number}", "lab", $"vm{number}/eth1", ((IPEndPoint)vm.LocalEndPoint!).Port, FreePort())) };
        _plan.Write(Folder);
    }

    public void Start()
    {
        var relay = new RelayProcess(Folder, TimeProvider.System);
        _running = Task.Run(() =>
        {
            using (relay)
            {
                relay.Run(_stopping.Token);
            }
        });
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
    }

    /// <summary>As QEMU of that VM sends.</summary>
    public void Send(int vm, byte[] frame) => SendFrom(_vms[vm - 1], vm, frame);

    public void SendFrom(Socket socket, int toPortOf, byte[] frame) =>
        socket.SendTo(frame, new IPEndPoint(IPAddress.Loopback, _plan.Nics[toPortOf - 1].RelayUdpPort));

    /// <summary>The mark of the next frame to that VM.</summary>
    public async Task<int> ReceiveAsync(int vm)
    {
        var buffer = new byte[65_536];
        var length = await _vms[vm - 1].ReceiveAsync(buffer, Cancellation);
        return BitConverter.ToInt32(buffer.AsSpan(14, Math.Min(4, length - 14)));
    }

    /// <summary>The counters when they are as wished.</summary>
    public async Task<RelayPortCounters> UntilCountedAsync(int vm, Func<RelayPortCounters, bool> wished)
    {
        while (true)
        {
            var counters = (await Control.ReadCountersAsync(Cancellation)).First(port => port.Name == $"t-{vm}");
            if (wished(counters))
            {
                return counters;
            }
        }
    }

    public InterfaceCounters? CountersInFile(string name)
    {
        var line = RelayCounters.Read(Folder)?.Lines.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return line?.Split(' ') is [_, var rxBytes, var rxPackets, _, var rxDropped, _, _, _, _, var txBytes, var txPackets, _, var txDropped, ..]
            ? new InterfaceCounters(long.Parse(rxBytes), long.Parse(rxPackets), long.Parse(rxDropped), long.Parse(txBytes), long.Parse(txPackets), long.Parse(txDropped))
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _vms.ForEach(vm => vm.Dispose());
        _state.Dispose();
    }

    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}

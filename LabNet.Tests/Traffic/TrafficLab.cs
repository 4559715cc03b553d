using System.Diagnostics;
using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Traffic;

/// <summary>A lab whose packets are looked at, by a LabNet that can be ended and begun anew.</summary>
internal sealed class TrafficLab : IAsyncDisposable
{
    private readonly string _name;
    private readonly List<string> _mounted = [];
    private readonly bool _hasNetwork;
    private RingWriter _ring = null!;
    private Database _captures = null!;

    private TrafficLab(LabOnThisMachine lab, string name, bool hasNetwork) => (Lab, _name, _hasNetwork) = (lab, name, hasNetwork);

    public LabOnThisMachine Lab { get; }

    public CaptureRegistry Captures { get; private set; } = null!;

    public FlowWatch Flows { get; private set; } = null!;

    public FlowStore FlowStore { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="size">Of the tmpfs of each VM.</param>
    public static async Task<TrafficLab> StartAsync(string name, string labFile, string size = "64m", bool hasNetwork = false)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A tmpfs of its own needs root: run the tests as root.");
        var lab = new TrafficLab(LabOnThisMachine.Open(labFile), name, hasNetwork);
        if (hasNetwork)
        {
            var spec = NetworkSpec.For(lab.Lab.Vms.Lab, InterfaceNames.Of(lab.Lab.Vms.Lab), machine: null);
            await lab.Lab.Vms.Vms[0].Host.ApplyNetworkAsync(lab.Lab.Vms.Lab.Name, spec, Cancellation);
        }

        foreach (var vm in lab.Lab.Vms.Vms)
        {
            Directory.CreateDirectory(vm.Paths.TrafficFolder);
            await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "labnet-traffic", vm.Paths.TrafficFolder);
            lab._mounted.Add(vm.Paths.TrafficFolder);
        }

        lab.Begin();
        await Task.WhenAll(lab.Lab.Vms.Vms.Select(vm => lab.UpAsync(vm.State.Name.ToString())));
        return lab;
    }

    /// <summary>LabNet goes, and another one comes that knows what is in the files.</summary>
    public async Task ReplaceLabNetAsync(Func<Task>? meanwhile = null)
    {
        await EndAsync();
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        await Lab.ReplaceLabNetAsync();
        Begin();
    }

    /// <summary>After <see cref="EndAsync"/>.</summary>
    public void BeginAgain() => Begin();

    public async Task UpAsync(string vm)
    {
        await Lab.DoAsync(vm, VmAction.Start);
        Assert.Null((await Lab.UntilAsync(vm, state => state.Agent is GuestAgentState.Answering || state.Problem is not null)).Problem);
    }

    /// <returns>What it printed.</returns>
    public async Task<string> InGuestAsync(string vm, string script)
    {
        var result = await Lab.Vm(vm).ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        return Encoding.UTF8.GetString(result.Stdout.Span);
    }

    public Task<Capture> CaptureAsync(string filter = "", TimeSpan? duration = null, long maxBytes = CaptureRequest.BytesDefault, params CaptureNic[] nics) =>
        Captures.BeginAsync(new CaptureRequest([.. nics], duration, maxBytes, filter), LabOnThisMachine.Tester, Cancellation);

    public async Task<Capture> UntilAsync(string id, Func<Capture, bool> wished)
    {
        using var changes = Lab.Feed.Subscribe(record => record.Item is CaptureChanged { Capture: var changed } && changed.Id == id);
        if (Captures.Find(id) is { } now && wished(now))
        {
            return now;
        }

        await foreach (var record in changes.ReadAllAsync(Cancellation))
        {
            if (record.Item is CaptureChanged { Capture: var changed } && wished(changed))
            {
                return changed;
            }
        }

        throw new InvalidOperationException("The feed ended.");
    }

    public Task<Capture> StopAsync(Capture capture) => Captures.StopAsync(capture, LabOnThisMachine.Tester, Cancellation);

    public IReadOnlyList<CapturedPacket> Read(Capture capture, string filter = "")
    {
        using var packets = Captures.OpenPackets(capture);
        return packets.Read(first: 1, limit: int.MaxValue, CaptureFilter.TryParse(filter, out var parsed, out _) ? parsed : CaptureFilter.All, Cancellation);
    }

    /// <summary>What writes packets in QEMU and what it writes, but for the flows.</summary>
    public async Task<IReadOnlyList<string>> LeftAsync(string vm)
    {
        var objects = await Lab.Vm(vm).ReadAsync(QomCommands.List, new QomPathArguments("/objects"), Cancellation);
        var files = Directory.GetFiles(Lab.Vm(vm).Paths.TrafficFolder).Select(file => Path.GetFileName(file));
        return [.. objects.Select(one => one.Name).Concat(files).Where(name => name.StartsWith("labnet-", StringComparison.Ordinal) && !name.StartsWith("labnet-flows", StringComparison.Ordinal))];
    }

    /// <summary>What was counted of a link until now, by what the history has.</summary>
    public async Task<IReadOnlyList<FlowMinute>> FlowsAsync()
    {
        await _ring.FlushAsync(Cancellation);
        return FlowStore.Read(LinkName.Parse("lab"), 0, DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds() * 1_000_000, int.MaxValue);
    }

    public async Task EndAsync()
    {
        await Flows.DisposeAsync();
        await Captures.DisposeAsync();
        await _ring.DisposeAsync();
        await _captures.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        foreach (var vm in Lab.Vms.Vms)
        {
            // A file system that is in use stays: QEMU goes first.
            vm.Process?.Kill();
        }

        foreach (var folder in _mounted)
        {
            await RunAsync("umount", "--lazy", folder);
        }

        await Lab.DisposeAsync();
        if (_hasNetwork)
        {
            await RunAsync(Path.Join(Repository.Root, "infra", "network.sh"), "down", "--lab", _name);
        }
    }

    private void Begin()
    {
        _captures = Database.Open(Path.Join(Lab.Folder, "captures.db"), "lab", "FULL");
        _ring = new RingWriter(Database.Open(Path.Join(Lab.Folder, "ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        FlowStore = new FlowStore(_ring);
        Flows = new FlowWatch(Lab.Vms, FlowStore, _ring, Lab.Feed, TimeProvider.System, NullLogger<FlowWatch>.Instance);
        Captures = new CaptureRegistry(
            Lab.Vms, new CaptureStore(_captures), Path.Join(Lab.Folder, "captures"), Lab.Feed, TimeProvider.System, NullLogger<CaptureRegistry>.Instance);
        Flows.Open();
        _ring.Start();
        Captures.Start();
        Flows.Start();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken.None);
        Assert.Equal(0, process.ExitCode);
    }
}

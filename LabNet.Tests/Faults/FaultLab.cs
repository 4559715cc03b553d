using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.Faults;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Faults;

/// <summary>A lab of one real machine that is broken on purpose. It has a second disk, d1, which the guest does not use.</summary>
internal sealed class FaultLab : IAsyncDisposable
{
    private const string Box = "box";
    private static readonly HotPlug HotPlug = new(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);

    private FaultLab(LabOnThisMachine lab) => Lab = lab;

    public LabOnThisMachine Lab { get; }

    public VmSession Vm => Lab.Vm(Box);

    public VmFaults Faults => Lab.Faults.Of(Vm.State.Name);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<FaultLab> StartAsync(string architecture)
    {
        var lab = new FaultLab(LabOnThisMachine.Open($$"""
            name: faults
            hosts:
              here: { kind: namespace, address: 10.99.9.1 }
            vms:
              {{Box}}: { host: here, arch: {{architecture}}, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
            """, keepsSnapshots: true));
        await lab.StartVmAsync();
        await lab.PlugAsync();
        return lab;
    }

    public async Task StartVmAsync()
    {
        Assert.Equal(OperationState.Succeeded, (await Lab.DoAsync(Box, VmAction.Start)).State);
        await UntilAsync(state => state.Agent is GuestAgentState.Answering);
    }

    public async Task PlugAsync() =>
        await DoneAsync(await HotPlug.BeginPlugAsync(Vm, new PlugRequest(PlugKind.VirtioBlk, "d1", 16 * 1024 * 1024), LabOnThisMachine.Tester, Cancellation));

    public async Task UnplugAsync() =>
        await DoneAsync((await HotPlug.BeginUnplugAsync(Vm, "d1", force: true, deleteFile: true, LabOnThisMachine.Tester, Cancellation))!);

    public Task<VmState> UntilAsync(Func<VmState, bool> wished) => Lab.UntilAsync(Box, wished);

    public Task<Fault> InjectAsync(FaultSpec spec, double seconds) =>
        Faults.InjectAsync(spec, TimeSpan.FromSeconds(seconds), at: null, run: null, LabOnThisMachine.Tester, Cancellation);

    /// <summary>It is refused, and the words for that.</summary>
    public async Task<string> RefusedAsync(FaultSpec spec, double seconds = 5) =>
        (await Assert.ThrowsAsync<VmConflictException>(() => InjectAsync(spec, seconds))).Message;

    public Task<Fault> LiftAsync(Fault fault) => Faults.LiftAsync(fault.Id, FaultEnd.Asked, LabOnThisMachine.Tester, Cancellation);

    /// <summary>Until the fault is as wished.</summary>
    public async Task<Fault> UntilAsync(Fault fault, Func<Fault, bool> wished)
    {
        using var changes = Lab.Feed.Subscribe(record => record.Item is FaultChanged);
        var now = Faults.Open.FirstOrDefault(one => one.Id == fault.Id) ?? Lab.FaultStore.Find(fault.Id)!;
        if (wished(now))
        {
            return now;
        }

        return await changes.ReadAllAsync(Cancellation).Select(record => record.Item).OfType<FaultChanged>()
            .Select(changed => changed.Fault).FirstAsync(one => one.Id == fault.Id && wished(one), Cancellation);
    }

    public async Task<Fault> UntilOverAsync(Fault fault)
    {
        var over = await UntilAsync(fault, one => !one.IsOpen);

        // It is told a moment before it is written down.
        while (Lab.FaultStore.Find(fault.Id) is { IsOpen: true })
        {
            await Task.Yield();
        }

        return over;
    }

    public Task<Fault> UntilSeenAsync(Fault fault) => UntilAsync(fault, one => one.EffectSeen);

    /// <summary>What a shell in the guest prints; its errors too.</summary>
    public async Task<string> InGuestAsync(string script)
    {
        try
        {
            var result = await Vm.ExecAsync(new GuestProgram("/bin/sh", ["-c", $"{script} 2>&1"]), LabOnThisMachine.Tester, Cancellation);
            return Encoding.UTF8.GetString(result.Stdout.Span);
        }
        catch (GuestAgentException)
        {
            var process = (await UntilAsync(state => state.Process is VmProcessState.Exited || state.Agent is GuestAgentState.Answering)).Process;
            Assert.False(process is VmProcessState.Exited, process.ToString());
            throw;
        }
    }

    /// <summary>All that a fault could leave behind in QEMU and in the VM's folder.</summary>
    public async Task<string> ReadRemainsAsync()
    {
        var nodes = await Vm.ReadAsync(BlockCommands.QueryNamedBlockNodes, Cancellation);
        var drives = await Vm.ReadAsync(BlockCommands.QueryBlock, Cancellation);
        var objects = await Vm.ReadAsync(QomCommands.List, new QomPathArguments("/objects"), Cancellation);
        var chardevs = await Vm.ReadAsync(MachineCommands.QueryChardev, Cancellation);
        var status = await Vm.ReadAsync(RunStateCommands.QueryStatus, Cancellation);

        // QEMU makes itself one monitor for debuggers, when the first comes, and keeps it.
        Assert.InRange(chardevs.Count(one => one.Label.StartsWith('#')), 0, 1);
        string[] all =
        [
            .. nodes.Select(node => $"node {node.NodeName}"),
            .. drives.Select(drive => $"drive {drive.Qdev} {drive.Inserted?.NodeName} {drive.Inserted?.Iops} {drive.Inserted?.Bps}"),
            .. objects.Select(one => $"object {one.Name}"),
            .. chardevs.Where(one => !one.Label.StartsWith('#')).Select(one => $"chardev {one.Label}"),
            .. Directory.GetFiles(Vm.Paths.Folder, "*.sock").Select(path => Path.GetFileName(path)),
            $"status {status.Status}",
            .. Vm.State.Faults.Select(fault => $"fault {fault.Text}"),
        ];
        return string.Join('\n', all.Where(line => !line.StartsWith("node #", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    public async Task DoneAsync(Operation operation)
    {
        var ended = await Lab.EndAsync(operation);
        Assert.True(ended.State == OperationState.Succeeded, $"{ended.Kind} {ended.Detail}: {ended.Error}");
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();
}

using LabNet.Core.Devices;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Devices;

/// <summary>What a real QEMU and guest seldom do, played by the test; what they do every day is in <see cref="HotPlugQemuTests"/>.</summary>
[Trait("suite", "fake")]
public sealed class HotPlugTests : IAsyncLifetime
{
    private const int Hang = 30_000;
    private const string Port = """{"name": "rp1", "type": "child<pcie-root-port>"}""";
    private const string Nic = """{"name": "n1", "type": "child<e1000e>"}""";

    private static readonly HotPlug HotPlug = new(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);

    private readonly ScriptedQemu _qemu = new();
    private LabOnThisMachine _lab = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private VmSession Vm => _lab.Vm("mine");

    public async ValueTask InitializeAsync()
    {
        _qemu.Answer("qom-list", $"[{Port}]");
        _qemu.Answer("query-pci", BusWith(behindPort: ""));
        foreach (var command in (string[])["netdev_add", "netdev_del", "device_add", "device_del"])
        {
            _qemu.Answer(command, "{}");
        }

        _lab = LabOnThisMachine.Open($$"""
            name: played
            hosts:
              here: { kind: namespace, address: 10.97.0.1 }
            vms:
              mine: { host: here, arch: x86_64, attach: { qmp: {{_qemu.Path}} } }
            """);
        await _lab.UntilAsync("mine", state => state.RunState is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await _qemu.DisposeAsync();
    }

    [Fact(Timeout = Hang)]
    public async Task A_guest_that_refuses_to_let_go_is_told_and_the_device_stays()
    {
        await PlugAsync();
        _qemu.AnswerWithEvent(
            "device_del",
            "{}",
            """{"event": "DEVICE_UNPLUG_GUEST_ERROR", "data": {"device": "n1", "path": "/machine/peripheral/n1"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");
        var ended = await UnplugAsync();
        Assert.Equal((OperationState.Failed, "The guest of mine refuses to let go of n1. Look at its console for the reason."), (ended.State, ended.Error));
        Assert.Equal("n1", Assert.Single(Vm.State.Plugged).Id);

        _qemu.AnswerWithEvent(
            "device_del",
            "{}",
            """{"event": "DEVICE_DELETED", "data": {"device": "n1", "path": "/machine/peripheral/n1"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");
        _qemu.Answer("qom-list", $"[{Port}]");
        Assert.Equal(OperationState.Succeeded, (await UnplugAsync()).State);
        Assert.Empty(Vm.State.Plugged);
    }

    [Fact(Timeout = Hang)]
    public async Task The_event_of_another_device_is_not_taken_for_the_right_one()
    {
        await PlugAsync();
        _qemu.AnswerWithEvent(
            "device_del",
            "{}",
            """{"event": "DEVICE_DELETED", "data": {"device": "n2", "path": "/machine/peripheral/n2"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");
        var operation = (await BeginUnplugAsync())!;
        while (!_qemu.TakeAsked().Contains("device_del"))
        {
            await Task.Yield();
        }

        // A guest that takes its time is seen to.
        while (_lab.Operations.Find(operation.Id)!.Progress is not (> 0 and < 0.9))
        {
            await Task.Yield();
        }

        Assert.Equal(OperationState.Running, _lab.Operations.Find(operation.Id)!.State);
        await _qemu.SendAsync("""{"event": "DEVICE_DELETED", "data": {"device": "n1", "path": "/machine/peripheral/n1"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");
        _qemu.Answer("qom-list", $"[{Port}]");
        Assert.Equal(OperationState.Succeeded, (await _lab.EndAsync(operation)).State);
    }

    [Fact(Timeout = Hang)]
    public async Task Who_unplugs_what_is_being_unplugged_waits_and_is_told_that_it_is_gone()
    {
        await PlugAsync();
        _qemu.TakeAsked();
        var first = await BeginUnplugAsync();
        var second = await BeginUnplugAsync();
        var asked = new List<string>();
        while (!asked.Contains("device_del"))
        {
            asked.AddRange(_qemu.TakeAsked());
            await Task.Yield();
        }

        _qemu.Answer("qom-list", $"[{Port}]");
        await _qemu.SendAsync("""{"event": "DEVICE_DELETED", "data": {"device": "n1", "path": "/machine/peripheral/n1"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");

        // Which of the two came first, nobody said.
        Operation[] ended = [await _lab.EndAsync(first!), await _lab.EndAsync(second!)];
        Assert.Equal(
            [(OperationState.Succeeded, null), (OperationState.Failed, "n1 is not plugged in any more.")],
            ended.OrderBy(one => one.State).Select(one => (one.State, one.Error)));
        Assert.Single(asked.Concat(_qemu.TakeAsked()), name => name == "device_del");
        Assert.Null(await BeginUnplugAsync());
    }

    [Fact(Timeout = Hang)]
    public async Task While_a_snapshot_is_made_nothing_is_plugged_and_nothing_is_measured()
    {
        _qemu.Answer("query-jobs", """[{"id": "s1", "type": "snapshot-save", "status": "running", "current-progress": 1, "total-progress": 2}]""");
        await _qemu.SendAsync("""{"event": "JOB_STATUS_CHANGE", "data": {"id": "s1", "status": "running"}, "timestamp": {"seconds": 1, "microseconds": 2}}""");
        await _lab.UntilAsync("mine", state => !state.Jobs.IsEmpty);
        const string Busy = "mine is busy with snapshot-save (s1). Wait for its end.";
        Assert.Equal(Busy, (await Assert.ThrowsAsync<VmConflictException>(BeginPlugAsync)).Message);

        using var folder = new TestFolder();
        await using var database = Database.Open(folder.File("lab.db"), "lab", "FULL");
        var runner = new IoBenchmarkRunner(new IoBenchmarkStore(database, TimeProvider.System), HotPlug, traced: null, TimeProvider.System);
        Assert.Equal(Busy, (await Assert.ThrowsAsync<VmConflictException>(
            () => runner.BeginAsync(Vm, new IoBenchmarkRequest("vda", "rand-read-4k", Seconds: 1, Repeats: 2, Label: ""), LabOnThisMachine.Tester, Cancellation))).Message);
    }

    [Fact(Timeout = Hang)]
    public async Task What_was_plugged_into_a_VM_of_somebody_else_is_known_to_the_next_LabNet()
    {
        await PlugAsync();
        await _lab.ReplaceLabNetAsync();
        await _lab.UntilAsync("mine", state => state.RunState is not null);
        Assert.Equal("n1", Assert.Single(Vm.State.Plugged).Id);
    }

    [Fact(Timeout = Hang)]
    public async Task A_step_that_QEMU_refuses_undoes_those_before_it()
    {
        _qemu.Refuse("device_add");
        _qemu.TakeAsked();
        var ended = await _lab.EndAsync(await BeginPlugAsync());
        Assert.Equal(OperationState.Failed, ended.State);
        Assert.Empty(Vm.State.Plugged);
        Assert.Equal(["netdev_add", "device_add", "netdev_del"], _qemu.TakeAsked().Where(name => name.Contains('_', StringComparison.Ordinal)));
    }

    [Fact(Timeout = Hang)]
    public async Task A_QEMU_that_ends_in_the_middle_leaves_nothing_plugged_in()
    {
        _qemu.BreakAt("device_add");
        var ended = await _lab.EndAsync(await BeginPlugAsync());
        Assert.Equal(OperationState.Failed, ended.State);
        Assert.NotEmpty(ended.Error!);
        Assert.Empty(Vm.State.Plugged);
    }

    [Fact(Timeout = Hang)]
    public async Task A_port_that_has_a_device_nobody_knows_is_not_taken()
    {
        _qemu.Answer("query-pci", BusWith(Function(bus: 1, "", bridge: "")));
        var refused = await Assert.ThrowsAsync<VmConflictException>(BeginPlugAsync);
        Assert.Equal("The only port of mine is full: rp1 has a device. Unplug it.", refused.Message);
    }

    private async Task PlugAsync()
    {
        Assert.Equal(OperationState.Succeeded, (await _lab.EndAsync(await BeginPlugAsync())).State);
        _qemu.Answer("qom-list", $"[{Port}, {Nic}]");
    }

    private Task<Operation> BeginPlugAsync() =>
        HotPlug.BeginPlugAsync(Vm, new PlugRequest(PlugKind.E1000e, "n1"), LabOnThisMachine.Tester, Cancellation);

    private Task<Operation?> BeginUnplugAsync() => HotPlug.BeginUnplugAsync(Vm, "n1", force: false, deleteFile: false, LabOnThisMachine.Tester, Cancellation);

    private async Task<Operation> UnplugAsync() => await _lab.EndAsync((await BeginUnplugAsync())!);

    private static string BusWith(string behindPort)
    {
        const string Closed = """{"base": 1, "limit": 0}""";
        var windows = $$"""{"number": 0, "secondary": 1, "subordinate": 1, "io_range": {{Closed}}, "memory_range": {{Closed}}, "prefetchable_range": {{Closed}}}""";
        return $$"""[{"bus": 0, "devices": [{{Function(bus: 0, "rp1", $$""", "pci_bridge": {"bus": {{windows}}, "devices": [{{behindPort}}]}""")}}]}]""";
    }

    /// <summary>Without a word for its class, as QEMU has none for some.</summary>
    private static string Function(int bus, string id, string bridge) =>
        $$"""{"bus": {{bus}}, "slot": {{1 - bus}}, "function": 0, "class_info": {"class": 1540}, "id": {"vendor": 6966, "device": 12}, "irq_pin": 1, "qdev_id": "{{id}}", "regions": []{{bridge}}}""";
}

using System.Collections.Immutable;
using LabNet.Core.Devices;
using LabNet.Core.PciModels;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Tests.TraceEvents;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Workbench;

/// <summary>Real QEMU with the devices that were built for it, and a real guest that reads and writes their registers.</summary>
[Trait("suite", "qemu")]
public sealed class WorkbenchQemuTests
{
    private const string Declarations = "/usr/share/qemu/trace-events-all";
    private const ulong Id = 0x31454e4c, Written = 0xcafe_f00d;

    private static readonly DeviceTopologyReader Devices = new(new PciIds(path: null));
    private static readonly HotPlug HotPlug = new(Devices, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_device_is_plugged_in_read_and_written_by_the_guest_and_comes_back_with_a_snapshot(string architecture)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A tmpfs of its own needs root: run the tests as root.");
        await using var traced = await StartAsync(architecture);
        var (lab, vm) = (traced.Lab, traced.Lab.Vm("box"));
        var models = new PciModelCatalogue(lab.Host);
        var registers = new GuestRegisters(Devices, models);
        var model = models.Read().Find("labnet-edu")!;
        Assert.Null((await new DeviceWorkbench(Devices, models, lab.Vms).ReadAsync(vm, Cancellation)).WhyNot(vm.State, model.Name));

        await traced.Pump.SwitchAsync(vm, [new TraceEventSwitch(TracedAccess.Events, Enabled: true)], LabOnThisMachine.Tester, Cancellation);
        await DoneAsync(lab, await HotPlug.BeginPlugAsync(vm, new PciPlugRequest(model, "edu0", ImmutableSortedDictionary<string, string>.Empty), LabOnThisMachine.Tester, Cancellation));
        var device = Assert.Single(vm.State.Plugged);
        Assert.Equal(Id, await PokeAsync("ID"));
        Assert.Equal(Written, await PokeAsync("SCRATCH", Written));
        Assert.Equal(Written, await PokeAsync("SCRATCH"));
        Assert.True(TraceFilter.TryParse(TracedAccess.FilterOf("edu0"), Catalogue(), out var filter, out _));
        var values = new RegisterValues(model);
        await traced.UntilAsync("box", _ =>
        {
            values.Take(traced.Pump.TailOf(vm.State.Name).Read(values.LastSequence, filter, 1000).Events, isIncomplete: false);
            return values.Rows.Single(row => row.Register.Name == "SCRATCH") is { Value: Written, WasWritten: false, Accesses: >= 2 };
        });
        await traced.StoredAsync("box", values.LastSequence);
        var stored = traced.Store.Read(new TraceQuery(vm.State.Name, 100, Filter: filter));
        Assert.Contains(stored, one => one.Type.Name == "labnet_reg_write" && one.Values.Any(value => value.Text == "SCRATCH") && one.Thread.Vcpu is not null);

        await CheckSpanAsync();
        await CheckRefusalsAsync();

        await DoneAsync(lab, await lab.Snapshots.Of(vm.State.Name).BeginTakeAsync("with the device", "", LabOnThisMachine.Tester, Cancellation));
        await DoneAsync(lab, (await HotPlug.BeginUnplugAsync(vm, "edu0", force: false, deleteFile: false, LabOnThisMachine.Tester, Cancellation))!);
        Assert.Empty(vm.State.Plugged);
        Assert.DoesNotContain((await Devices.ReadAsync(vm, Cancellation)).All, one => one.QdevId == "edu0");
        var snapshot = Assert.Single(lab.Snapshots.Of(vm.State.Name).Tree.There);
        await DoneAsync(lab, await lab.Snapshots.Of(vm.State.Name).BeginRestoreAsync(snapshot, snapshotFirst: false, LabOnThisMachine.Tester, Cancellation));
        await lab.UntilAsync("box", state => state.Agent is GuestAgentState.Answering && state.Plugged.Length == 1);
        Assert.Equal(Written, await PokeAsync("SCRATCH"));
        await lab.DoAsync("box", VmAction.Kill);

        Task<ulong> PokeAsync(string register, ulong? value = null) =>
            registers.PokeAsync(vm, device, new RegisterPoke(0, model.Bars[0].Registers.Single(one => one.Name == register).Offset, 32, value), LabOnThisMachine.Tester, Cancellation);

        // An interrupt that is acknowledged is a span with a latency.
        async Task CheckSpanAsync()
        {
            await PokeAsync("IRQ_ENABLE", 0x20);
            await PokeAsync("IRQ_RAISE", 0x20);
            Assert.Equal(0x20UL, await PokeAsync("IRQ_STATUS"));
            await PokeAsync("IRQ_STATUS", 0x20);
            Assert.Equal(0UL, await PokeAsync("IRQ_STATUS"));
            var acknowledged = new List<TraceEvent>();
            await traced.UntilAsync("box", _ =>
            {
                acknowledged = [.. traced.Pump.TailOf(vm.State.Name).Read(after: 0, filter, 1000).Events.Where(one => one.Type.Name == "labnet_irq_ack")];
                return acknowledged.Count > 0;
            });
            Assert.True(acknowledged[0].LatencyNs > 0);
        }

        async Task CheckRefusalsAsync()
        {
            await Assert.ThrowsAsync<ArgumentException>(() => registers.PokeAsync(vm, device, new RegisterPoke(1, 0, 32, null), LabOnThisMachine.Tester, Cancellation));
            await Assert.ThrowsAsync<ForbiddenException>(() => registers.PokeAsync(vm, device, new RegisterPoke(0, 0, 32, null), new Actor("vera", Role.Viewer, "test"), Cancellation));
            var gone = await Assert.ThrowsAsync<VmConflictException>(() => registers.PokeAsync(vm, device with { Id = "edu9" }, new RegisterPoke(0, 0, 32, null), LabOnThisMachine.Tester, Cancellation));
            Assert.Contains("has no device edu9", gone.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<TracedLab> StartAsync(string architecture)
    {
        Assert.True(File.Exists(Path.Join(Repository.PciFolder, "current", "manifest.json")), $"{Repository.PciFolder} has no build of the devices. Make one: ./infra/lab pci build");
        var traced = TracedLab.Open(
            $$"""
            name: bench
            hosts:
              here: { kind: namespace, address: 10.98.0.1 }
            vms:
              box: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian }
            """,
            Catalogue(),
            Repository.PciFolder);
        await traced.MountAsync("box", "64m");
        Assert.Equal(OperationState.Succeeded, (await traced.Lab.DoAsync("box", VmAction.Start)).State);
        Assert.Null((await traced.Lab.UntilAsync("box", state => state.Agent is GuestAgentState.Answering || state.Problem is not null)).Problem);
        return traced;
    }

    private static TraceCatalogue Catalogue() => TraceCatalogue.Parse(File.ReadAllText(Declarations) + "\n" + RepositoryFiles.Read("pci-device/src/trace-events"));

    private static async Task DoneAsync(LabOnThisMachine lab, Operation operation)
    {
        var ended = await lab.EndAsync(operation);
        Assert.True(ended.State == OperationState.Succeeded, $"{ended.Kind}: {ended.Error}");
    }
}

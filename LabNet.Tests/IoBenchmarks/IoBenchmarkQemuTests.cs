using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.TraceEvents;
using LabNet.Tests.Vms;

namespace LabNet.Tests.IoBenchmarks;

/// <summary>With a real guest's fio. The shortest way through stands in VmReadQemuTests, where a guest runs anyway.</summary>
[Trait("suite", "qemu")]
public sealed class IoBenchmarkQemuTests
{
    private const string OneVm = """
        name: measured
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
        """;

    private static readonly IoBenchmarkRequest Short = new("vda", "rand-read-4k", Seconds: 1, Repeats: 2, Label: "short");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guests_disk_is_measured_and_what_is_cancelled_or_killed_leaves_no_fio_and_no_riddle()
    {
        Assert.SkipUnless(LongForm.IsOn, "Boots a guest of its own: in the long form only.");
        var catalogue = TraceCatalogue.Parse(await File.ReadAllTextAsync("/usr/share/qemu/trace-events-all", Cancellation));
        await using var traced = TracedLab.Open(OneVm, catalogue);
        var lab = traced.Lab;
        await traced.MountAsync("box", "64m");
        using var folder = new TestFolder();
        await using var database = Database.Open(folder.File("lab.db"), "lab", "FULL");
        var store = new IoBenchmarkStore(database, TimeProvider.System);
        var runner = new IoBenchmarkRunner(store, new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System), new TracedRequests(traced.Pump, traced.Store, TimeProvider.System), TimeProvider.System);
        await lab.DoAsync("box", VmAction.Start);
        Assert.Null((await lab.UntilAsync("box", state => state.Guest is not null || state.Problem is not null)).Problem);

        await MeasureAsync(lab, runner, store);
        await TraceAsync(traced, runner, store);
        await MeasureTracingAsync(traced, runner, store);
        await RefuseAsync(lab, runner);
        await CancelAsync(lab, runner, store);
        await KillAsync(lab, runner, store);
    }

    private static async Task MeasureAsync(LabOnThisMachine lab, IoBenchmarkRunner runner, IoBenchmarkStore store)
    {
        var begun = await BeginAsync(lab, runner, Short);
        Assert.Contains("runs already", (await Assert.ThrowsAsync<VmConflictException>(() => BeginAsync(lab, runner, Short))).Message, StringComparison.Ordinal);
        Assert.Equal(("io-benchmark", OperationState.Succeeded), ((await lab.Operations.WaitAsync(begun.Id, Cancellation))!.Kind, lab.Operations.Find(begun.Id)!.State));
        var run = store.Find(begun.Id)!;
        Assert.Equal(("virtio-blk-pci", "/dev/vda", Accelerator.Tcg, OperationState.Succeeded), (run.DeviceType, run.GuestDevice, run.Accelerator, run.State));
        Assert.Equal([1, 2], run.Results.Select(repeat => repeat.Number));
        Assert.All(run.Results, repeat =>
        {
            Assert.Equal(("libaio", true), (repeat.Engine, repeat.FioVersion.StartsWith("fio-", StringComparison.Ordinal)));
            Assert.InRange(repeat.Read!.Iops, 10, 1e7);
            Assert.InRange(repeat.Read.P50Ns, 1, repeat.Read.LatencyMaxNs);
            Assert.Null(repeat.Write);
            Assert.Null(repeat.Traced);
            Assert.InRange(repeat.Host!.ReadBytes, repeat.Read.Bytes, long.MaxValue);
        });
        Assert.Equal("", await InGuestAsync(lab, "ls /var/tmp"));
    }

    /// <summary>Every request that the guest made of the disk was traced, and QEMU took less for it than the guest saw.</summary>
    private static async Task TraceAsync(TracedLab traced, IoBenchmarkRunner runner, IoBenchmarkStore store)
    {
        await traced.Pump.SwitchAsync(traced.Lab.Vm("box"), [new TraceEventSwitch("virtio_blk_*", Enabled: true)], LabOnThisMachine.Tester, Cancellation);
        var begun = await BeginAsync(traced.Lab, runner, Short);
        Assert.Null((await traced.Lab.Operations.WaitAsync(begun.Id, Cancellation))!.Error);
        var run = store.Find(begun.Id)!;
        Assert.Equal(2, run.Results.Length);
        Assert.All(run.Results, repeat =>
        {
            Assert.InRange(repeat.Traced!.Operations, repeat.Read!.Operations, long.MaxValue);
            Assert.InRange(repeat.Traced.P50Ns, 1, repeat.Read.P50Ns);
            Assert.InRange(repeat.Traced.P99Ns, repeat.Traced.P50Ns, repeat.Traced.MaxNs * 1.06);
        });
        await traced.Pump.SwitchAsync(traced.Lab.Vm("box"), [new TraceEventSwitch("virtio_blk_*", Enabled: false)], LabOnThisMachine.Tester, Cancellation);
    }

    /// <summary>Half of the repeats are traced, and what was on is on again.</summary>
    private static async Task MeasureTracingAsync(TracedLab traced, IoBenchmarkRunner runner, IoBenchmarkStore store)
    {
        var vm = traced.Lab.Vm("box");
        Assert.Contains(
            "No trace event of box is on.",
            (await Assert.ThrowsAsync<VmConflictException>(() => runner.BeginAroundTracingAsync(vm, Short, LabOnThisMachine.Tester, Cancellation))).Message,
            StringComparison.Ordinal);
        await traced.Pump.SwitchAsync(vm, [new TraceEventSwitch("virtio_blk_*", Enabled: true)], LabOnThisMachine.Tester, Cancellation);
        var begun = await runner.BeginAroundTracingAsync(vm, Short, LabOnThisMachine.Tester, Cancellation);
        Assert.Null((await traced.Lab.Operations.WaitAsync(begun.Id, Cancellation))!.Error);
        var (without, with) = runner.ReadAroundTracing(vm.State.Name)!;
        Assert.Equal((begun.Id, IoBenchmarkRunner.WithoutTracing, begun.Id), (without.Id, without.Label, with.Series));
        Assert.Equal([1, 2], with.Results.Select(repeat => repeat.Number));
        Assert.All(without.Results, repeat => Assert.Null(repeat.Traced));
        Assert.All(with.Results, repeat => Assert.InRange(repeat.Traced!.Operations, repeat.Read!.Operations, long.MaxValue));
        Assert.True(Assert.Single(await vm.ReadTraceEventsAsync("virtio_blk_handle_read", Cancellation)).IsEnabled);
        await traced.Pump.SwitchAsync(vm, [new TraceEventSwitch("virtio_blk_*", Enabled: false)], LabOnThisMachine.Tester, Cancellation);
    }

    private static async Task RefuseAsync(LabOnThisMachine lab, IoBenchmarkRunner runner)
    {
        var writes = Short with { Profile = "rand-write-4k", Target = IoTarget.Disk, Destroys = "vda" };
        Assert.Equal(
            "Nothing is written to vda (/dev/vda) itself: it is the guest's root disk.",
            (await Assert.ThrowsAsync<VmConflictException>(() => BeginAsync(lab, runner, writes))).Message);
        Assert.Equal(
            "box has no disk \"vdz\"; it has vda.",
            (await Assert.ThrowsAsync<UnknownDiskException>(() => BeginAsync(lab, runner, Short with { Device = "vdz" }))).Message);
    }

    private static async Task CancelAsync(LabOnThisMachine lab, IoBenchmarkRunner runner, IoBenchmarkStore store)
    {
        var begun = await BeginAsync(lab, runner, Short with { Target = IoTarget.Disk, Seconds = 60 });
        await InGuestAsync(lab, "until pgrep -x fio >/dev/null; do :; done");
        Assert.True(lab.Operations.Cancel(begun.Id));
        Assert.Equal(OperationState.Cancelled, (await lab.Operations.WaitAsync(begun.Id, Cancellation))!.State);
        Assert.Equal((OperationState.Cancelled, null), (store.Find(begun.Id)!.State, store.Find(begun.Id)!.Error));
        await InGuestAsync(lab, "timeout 20 sh -c 'while pgrep -x fio >/dev/null; do :; done'");
    }

    private static async Task KillAsync(LabOnThisMachine lab, IoBenchmarkRunner runner, IoBenchmarkStore store)
    {
        var begun = await BeginAsync(lab, runner, Short with { Target = IoTarget.Disk, Seconds = 60 });
        await lab.DoAsync("box", VmAction.Kill);
        var ended = (await lab.Operations.WaitAsync(begun.Id, Cancellation))!;
        Assert.Equal(OperationState.Failed, ended.State);
        Assert.StartsWith("In repeat 1 of 2: ", ended.Error, StringComparison.Ordinal);
        Assert.Equal((OperationState.Failed, ended.Error), (store.Find(begun.Id)!.State, store.Find(begun.Id)!.Error));
        Assert.StartsWith("box is not running", (await Assert.ThrowsAsync<VmConflictException>(() => BeginAsync(lab, runner, Short))).Message, StringComparison.Ordinal);
    }

    private static Task<Operation> BeginAsync(LabOnThisMachine lab, IoBenchmarkRunner runner, IoBenchmarkRequest request) =>
        runner.BeginAsync(lab.Vm("box"), request, LabOnThisMachine.Tester, Cancellation);

    private static async Task<string> InGuestAsync(LabOnThisMachine lab, string script)
    {
        var result = await lab.Vm("box").ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        Assert.Equal(0, result.ExitCode);
        return Encoding.UTF8.GetString(result.Stdout.Span);
    }
}

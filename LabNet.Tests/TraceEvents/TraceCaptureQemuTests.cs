using LabNet.Core.Feed;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.TraceEvents;

[Trait("suite", "qemu")]
public sealed class TraceCaptureQemuTests
{
    private const string TwoVms = """
        name: traced
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian }
          arm: { host: here, arch: aarch64, memory: 256M, cpus: 1, image: debian }
        """;

    private const string Declarations = "/usr/share/qemu/trace-events-all";
    private const int Rotations = 40;
    private const int Blocks = 3000;
    private const int BlockBytes = 4096;
    private const int SectorBytes = 512;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("box")]
    [InlineData("arm")]
    public async Task No_event_is_lost_while_logs_change_and_LabNet_comes_and_goes(string vm)
    {
        await using var traced = await StartAsync(vm, "64m");

        // The end first: no begin is seen whose end is not.
        await SwitchAsync(traced, vm, new TraceEventSwitch("virtio_blk_req_complete", Enabled: true), new TraceEventSwitch("virtio_blk_handle_*", Enabled: true));
        var reading = RunAsync(traced, vm, $"dd if=/dev/vda of=/dev/null bs={BlockBytes} count={Blocks} iflag=direct");
        for (var rotation = 0; rotation < Rotations; rotation++)
        {
            await traced.Lab.Vm(vm).BeginTraceLogAsync(Cancellation);
            if (rotation % 10 == 5)
            {
                await traced.EndAsync();
                await traced.Lab.Vm(vm).BeginTraceLogAsync(Cancellation);
                traced.Begin();
            }
        }

        await reading;
        await DrainAsync(traced, vm);

        // The guest read each block by a request of its own, and no request began anew before it had ended.
        var all = traced.Read(vm);
        var sectors = all.Where(one => one.Type.Name == "virtio_blk_handle_read").Select(one => one.Values[2].Bits).ToHashSet();
        Assert.Equal([], Enumerable.Range(0, Blocks).Select(block => (long)block * BlockBytes / SectorBytes).Where(sector => !sectors.Contains(sector)));
        var open = new HashSet<long>();
        foreach (var one in all)
        {
            // A flush ends and has no event of its own at its begin.
            var (isEnd, request) = (one.Type.Name == "virtio_blk_req_complete", one.Values[1].Bits);
            Assert.True(isEnd ? open.Remove(request) || request != 0 : open.Add(request));
        }

        Assert.Equal(Enumerable.Range(1, all.Count).Select(number => (long)number), all.Select(one => one.Sequence));
        Assert.All(all, one => Assert.True(one.Type.IsTyped));
        Assert.Equal(0, traced.Seen(vm).Unparsed);
        await traced.Lab.DoAsync(vm, VmAction.Kill);
    }

    [Fact]
    public async Task What_is_on_is_on_again_after_a_start_and_threads_are_vCPUs()
    {
        await using var traced = await StartAsync("box", "64m");
        await SwitchAsync(traced, "box", new TraceEventSwitch("memory_region_ops_*", Enabled: true, TraceKeep.Ring), new TraceEventSwitch("pci_cfg_read", Enabled: true));
        await traced.Lab.DoAsync("box", VmAction.Kill);
        var before = traced.Seen("box").Events;
        await UpAsync(traced, "box");
        await traced.UntilAsync("box", seen => seen.Events > before + 1000);
        Assert.True(Assert.Single(await traced.Lab.Vm("box").ReadTraceEventsAsync("pci_cfg_read", Cancellation)).IsEnabled);
        var accesses = traced.Pump.TailOf(traced.Lab.Vm("box").State.Name).Read(after: 0, filter: null, limit: 5000).Events;
        Assert.Contains(accesses, one => one.Thread.Vcpu is not null && one.Type.Arguments is [.., var last] && last == TraceDevice.Offset && one.Values[6].Text?.Length > 0);
        await Assert.ThrowsAsync<UnknownTraceEventException>(() => SwitchAsync(traced, "box", new TraceEventSwitch("no_such_event", Enabled: true)));
        await Assert.ThrowsAsync<ArgumentException>(() => SwitchAsync(traced, "box", new TraceEventSwitch("pci_cfg_read; quit", Enabled: true)));
        await traced.Lab.DoAsync("box", VmAction.Kill);
    }

    [Fact]
    public async Task A_place_that_fills_up_while_LabNet_is_away_stops_no_guest_and_is_told_as_a_gap()
    {
        await using var traced = await StartAsync("box", "256k");
        await SwitchAsync(traced, "box", new TraceEventSwitch("virtio_blk_*", Enabled: true));
        await traced.EndAsync();
        using var gaps = traced.Lab.Feed.Subscribe(record => record.Item is EventItem { Note: { Kind: EventKind.Gap, Name: "trace-events" } });
        await WriteAsync(traced, "box", blocks: 3000);
        Assert.Equal(RunState.Running, (await traced.Lab.Vm("box").ReadAsync(RunStateCommands.QueryStatus, Cancellation)).Status);
        traced.Begin();
        await using var told = gaps.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await told.MoveNextAsync());

        // What was written before is there, and so is what comes after.
        await traced.UntilAsync("box", seen => !seen.IsFull);
        Assert.NotEqual(0, traced.Seen("box").TimesFull);
        var before = traced.Seen("box").LastSequence;
        await WriteAsync(traced, "box", blocks: 50);
        await traced.StoredAsync("box", before + 50);
        Assert.InRange(traced.Read("box").Count, 1000, 12_000);
        await traced.Lab.DoAsync("box", VmAction.Kill);
    }

    private static async Task<TracedLab> StartAsync(string vm, string size)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A tmpfs of its own needs root: run the tests as root.");
        var traced = TracedLab.Open(TwoVms, TraceCatalogue.Parse(await File.ReadAllTextAsync(Declarations, Cancellation)));
        await traced.MountAsync(vm, size);
        await UpAsync(traced, vm);
        return traced;
    }

    private static async Task UpAsync(TracedLab traced, string vm)
    {
        await traced.Lab.DoAsync(vm, VmAction.Start);
        Assert.Null((await traced.Lab.UntilAsync(vm, state => state.Agent is GuestAgentState.Answering || state.Problem is not null)).Problem);
    }

    private static Task SwitchAsync(TracedLab traced, string vm, params TraceEventSwitch[] switches) =>
        traced.Pump.SwitchAsync(traced.Lab.Vm(vm), switches, LabOnThisMachine.Tester, Cancellation);

    private static Task WriteAsync(TracedLab traced, string vm, int blocks) =>
        RunAsync(traced, vm, $"dd if=/dev/zero of=/root/written bs=4k count={blocks} oflag=direct conv=notrunc && sync");

    private static async Task RunAsync(TracedLab traced, string vm, string script)
    {
        var result = await traced.Lab.Vm(vm).ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        Assert.Equal(0, result.ExitCode);
    }

    /// <summary>A read of its own in a new log: when it is there, all logs before are read.</summary>
    private static async Task DrainAsync(TracedLab traced, string vm)
    {
        const int Block = 20_000;
        await traced.Lab.Vm(vm).BeginTraceLogAsync(Cancellation);
        await RunAsync(traced, vm, $"dd if=/dev/vda of=/dev/null bs={BlockBytes} skip={Block} count=1 iflag=direct");
        var (tail, last) = (traced.Pump.TailOf(traced.Lab.Vm(vm).State.Name), 0L);
        await traced.UntilAsync(vm, _ => (last = tail.Read(after: 0, filter: null, limit: 10_000).Events
            .FirstOrDefault(one => one.Type.Name == "virtio_blk_handle_read" && one.Values[2].Bits == (long)Block * BlockBytes / SectorBytes)?.Sequence ?? 0) > 0);
        await traced.StoredAsync(vm, last);
    }
}

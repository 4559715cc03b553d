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

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("box")]
    [InlineData("arm")]
    public async Task No_event_is_lost_while_logs_change_and_LabNet_comes_and_goes(string vm)
    {
        await using var traced = await StartAsync(vm, "64m");
        await SwitchAsync(traced, vm, new TraceEventSwitch("virtio_blk_handle_*", Enabled: true), new TraceEventSwitch("virtio_blk_req_complete", Enabled: true));
        var writing = WriteAsync(traced, vm, blocks: 3000);
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

        await writing;
        await SwitchAsync(traced, vm, new TraceEventSwitch("*", Enabled: false));
        await DrainAsync(traced, vm);

        // The guest wrote each block by a request of its own, and each request that began has ended, once.
        var all = traced.Read(vm);
        Assert.InRange(all.Count(one => one.Type.Name == "virtio_blk_handle_write" && one.Values[3].Bits == 8), 3000, int.MaxValue);
        Assert.Equal(all.Count(one => one.Type.Name.StartsWith("virtio_blk_handle_", StringComparison.Ordinal)), all.Count(one => one.Type.Name == "virtio_blk_req_complete"));
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

    private static async Task WriteAsync(TracedLab traced, string vm, int blocks)
    {
        var writing = new GuestProgram("/bin/sh", ["-c", $"dd if=/dev/zero of=/root/written bs=4k count={blocks} oflag=direct conv=notrunc && sync"]);
        var result = await traced.Lab.Vm(vm).ExecAsync(writing, LabOnThisMachine.Tester, Cancellation);
        Assert.Equal(0, result.ExitCode);
    }

    /// <summary>Waits until the newest log, which nothing goes into any more, is all read.</summary>
    private static async Task DrainAsync(TracedLab traced, string vm)
    {
        await traced.Lab.Vm(vm).BeginTraceLogAsync(Cancellation);
        var newest = Core.Hosts.Host.ReadTraceLogs(traced.Lab.Vm(vm).Paths)[^1];
        await traced.UntilAsync(vm, _ => Core.Hosts.Host.ReadTraceLogs(traced.Lab.Vm(vm).Paths) is [var one] && one == newest);
    }
}

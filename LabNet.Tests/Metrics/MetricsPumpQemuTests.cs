using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Metrics;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Metrics;

[Trait("suite", "qemu")]
public sealed class MetricsPumpQemuTests
{
    private const string BothArchitectures = """
        name: measured
        hosts:
          here: { kind: namespace, address: 10.98.0.1 }
        vms:
          box: { host: here, arch: x86_64, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
          arm: { host: here, arch: aarch64, memory: 256M, cpus: 1, image: debian, nics: [ user ] }
        """;

    private const long Written = 8 << 20;

    /// <summary>What not every machine has, and the reason that it must tell then.</summary>
    private static readonly Dictionary<MetricDefinition, string> Reasons = new()
    {
        [MetricCatalogue.Kvm] = "kvm",
        [MetricCatalogue.GuestPressure] = "pressure",
        [MetricCatalogue.InterruptPins] = "pins",
    };

    private static readonly MetricKey Writing = new(MetricCatalogue.BlockWritten, "vda");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 400_000)]
    public async Task What_is_measured_is_what_QEMU_the_host_and_the_guest_do()
    {
        await using var lab = LabOnThisMachine.Open(BothArchitectures);
        await using var pump = new MetricsPump(lab.Vms, lab.Feed, TimeProvider.System, NullLogger<MetricsPump>.Instance);
        pump.Start();
        foreach (var (vm, cpus) in ((string, int)[])[("box", 2), ("arm", 1)])
        {
            await lab.DoAsync(vm, VmAction.Start);
            Assert.Null((await lab.UntilAsync(vm, state => state.Guest is not null || state.Problem is not null)).Problem);
            await CheckAsync(lab, vm, cpus);
            await lab.DoAsync(vm, VmAction.Kill);
        }
    }

    private static async Task CheckAsync(LabOnThisMachine lab, string vm, int cpus)
    {
        using var samples = lab.Feed.Subscribe(record => record.Item is MetricsSampled && record.Source.Name == vm);
        await using var reader = samples.ReadAllAsync(Cancellation).Select(record => ((MetricsSampled)record.Item).Sample).GetAsyncEnumerator(Cancellation);
        var before = await UntilAsync(reader, sample => Total(sample, Writing) >= 0 && !double.IsNaN(sample[new MetricKey(MetricCatalogue.GuestUptime)]));
        Assert.Equal(256 << 20, before[new MetricKey(MetricCatalogue.MemorySize)]);
        Assert.InRange(before[new MetricKey(MetricCatalogue.ProcessMemory)], 50e6, 4e9);
        Assert.Equal(cpus, before.Layout.Keys.Count(key => key.Definition == MetricCatalogue.VcpuCpu));
        Assert.Contains("does not run under KVM", before.Missing["kvm"], StringComparison.Ordinal);

        // The guest writes; what QEMU counts, and how long it took, arrives, and what the host's disk gives.
        var written = Total(before, Writing);
        await RunAsync(lab, vm, $"dd if=/dev/zero of=/root/written bs=64k count={Written >> 16} oflag=direct");
        var sawLatency = false;
        await UntilAsync(reader, sample =>
        {
            sawLatency |= sample[new MetricKey(MetricCatalogue.BlockWriteLatency, "vda")] > 0 && sample[new MetricKey(MetricCatalogue.BlockWriteLatencyP99, "vda")] > 0;
            return sawLatency && Total(sample, Writing) >= written + Written;
        });

        await CheckEveryMetricAsync(lab, vm, reader);
        await CheckPluggedDiskAsync(lab, vm, reader);

        // A vCPU that computes shows as nearly a core of the host.
        var burning = RunAsync(lab, vm, "timeout 6 sh -c 'while :; do :; done'; true");
        await UntilAsync(reader, sample => sample.Layout.Keys.Where(key => key.Definition == MetricCatalogue.VcpuCpu).Any(key => sample[key] > 0.5));
        await burning;

        // A reset machine counts anew: nothing is negative.
        var uptime = 0.0;
        Task? resetting = null;
        await UntilAsync(reader, sample =>
        {
            Assert.All(sample.Values, value => Assert.False(value < 0));
            var booted = sample[new MetricKey(MetricCatalogue.GuestUptime)] < uptime;
            uptime = double.IsNaN(sample[new MetricKey(MetricCatalogue.GuestUptime)]) ? uptime : sample[new MetricKey(MetricCatalogue.GuestUptime)];
            if (uptime > 0)
            {
                resetting ??= lab.DoAsync(vm, VmAction.Reset);
            }

            return booted;
        });
        await resetting!;
    }

    /// <summary>Each one is measured or says why not; an interrupt goes by its device's name, also as a message (MSI).</summary>
    private static async Task CheckEveryMetricAsync(LabOnThisMachine lab, string vm, IAsyncEnumerator<MetricSample> reader)
    {
        await RunAsync(lab, vm, "sync; dd if=/dev/vda of=/dev/null bs=64k count=16 iflag=direct; dd if=/dev/zero of=/root/flushed bs=4k count=1 conv=fsync");
        var unknown = MetricCatalogue.All.ToHashSet();
        var interrupts = new HashSet<string>();
        await UntilAsync(reader, sample =>
        {
            unknown.ExceptWith(sample.Layout.Keys.Where(key => !double.IsNaN(sample[key])).Select(key => key.Definition));
            unknown.RemoveWhere(metric => Reasons.TryGetValue(metric, out var reason) && sample.Missing.ContainsKey(reason));
            interrupts.UnionWith(sample.Layout.Keys.Where(key => key.Definition == MetricCatalogue.GuestInterrupts).Select(key => key.LabelValue!));
            return unknown.Count == 0 && interrupts.Any(name => name.EndsWith("-req.0", StringComparison.Ordinal));
        });
    }

    /// <summary>QEMU counts a disk's latencies in a histogram only if it is asked to, also of one that came later.</summary>
    private static async Task CheckPluggedDiskAsync(LabOnThisMachine lab, string vm, IAsyncEnumerator<MetricSample> reader)
    {
        var plug = new HotPlug(new DeviceTopologyReader(new PciIds(path: null)), TimeProvider.System);
        var request = new PlugRequest(PlugKind.VirtioBlk, "d1", Written);
        await lab.EndAsync(await plug.BeginPlugAsync(lab.Vm(vm), request, LabOnThisMachine.Tester, Cancellation));
        var disk = Assert.Single(lab.Vm(vm).State.Plugged).GuestName;
        var writing = RunAsync(lab, vm, $"for i in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/zero of=/dev/{disk} bs=64k count=16 oflag=direct; sleep 1; done");
        await UntilAsync(reader, sample => sample[new MetricKey(MetricCatalogue.BlockWriteLatencyP99, "d1")] > 0);
        await writing;
        await lab.EndAsync((await plug.BeginUnplugAsync(lab.Vm(vm), "d1", force: false, deleteFile: true, LabOnThisMachine.Tester, Cancellation))!);
    }

    private static double Total(MetricSample sample, MetricKey key) => sample.Layout.Keys.IndexOf(key) is >= 0 and var place ? sample.Newest[place] : double.NaN;

    private static Task<GuestExecResult> RunAsync(LabOnThisMachine lab, string vm, string script) =>
        lab.Vm(vm).ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);

    private static async Task<MetricSample> UntilAsync(IAsyncEnumerator<MetricSample> samples, Func<MetricSample, bool> wished)
    {
        while (await samples.MoveNextAsync())
        {
            if (wished(samples.Current))
            {
                return samples.Current;
            }
        }

        throw new InvalidOperationException("The feed ended.");
    }
}

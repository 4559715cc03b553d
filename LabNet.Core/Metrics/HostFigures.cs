using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>What the host tells of a VM: its process, its vCPUs' threads, its taps or ports of the relay.</summary>
/// <param name="taps">Those that the VM was started with, by NIC.</param>
internal sealed class HostFigures(SampleBuilder sample, Host host, TimeProvider time, IReadOnlyList<(string Nic, string Tap)> taps)
{
    private (string Nic, string Tap)[] _taps = [.. taps];
    private string[] _tapNames = [.. taps.Select(one => one.Tap)];
    private ImmutableArray<PluggedDevice> _plugged = [];

    /// <param name="process">Null of an attached VM.</param>
    /// <param name="cpus">As QEMU told last.</param>
    /// <param name="plugged">What has been plugged in since.</param>
    public void Write(QemuProcess? process, IReadOnlyList<CpuInfoFast> cpus, ImmutableArray<PluggedDevice> plugged)
    {
        if (plugged != _plugged)
        {
            _plugged = plugged;
            _taps = [.. taps, .. plugged.Where(device => device.Tap is not null).Select(device => (device.Id, device.Tap!))];
            _tapNames = [.. _taps.Select(one => one.Tap)];
        }

        if (process is null)
        {
            sample.Missing("process", "LabNet did not start this QEMU and does not know its process.");
        }
        else
        {
            sample.Missing("process", why: null);
            WriteProcess(process.Pid, cpus);
        }

        var counted = host.ReadNicCounters(_tapNames);
        var at = time.GetTimestamp();
        for (var place = 0; place < counted.Length; place++)
        {
            WriteTap(_taps[place].Nic, counted[place], at);
        }
    }

    private void WriteProcess(int pid, IReadOnlyList<CpuInfoFast> cpus)
    {
        if (ProcessUsage.ReadCpuNs(pid) is { } processNs)
        {
            sample.Counter(new MetricKey(MetricCatalogue.ProcessCpu), processNs, time.GetTimestamp());
        }

        if (ProcessUsage.ReadResidentBytes(pid) is { } bytes)
        {
            sample.Gauge(new MetricKey(MetricCatalogue.ProcessMemory), bytes);
        }

        foreach (var cpu in cpus)
        {
            if (ProcessUsage.ReadThreadCpuNs(pid, cpu.ThreadId) is { } threadNs)
            {
                sample.Counter(new MetricKey(MetricCatalogue.VcpuCpu, $"{cpu.CpuIndex}"), threadNs, time.GetTimestamp());
            }
        }
    }

    /// <summary>What the tap receives, the guest has sent.</summary>
    private void WriteTap(string nic, InterfaceCounters? counted, long at)
    {
        if (counted is null)
        {
            return;
        }

        sample.Counter(new MetricKey(MetricCatalogue.NicSent, nic), counted.RxBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicReceived, nic), counted.TxBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicSentPackets, nic), counted.RxPackets, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicReceivedPackets, nic), counted.TxPackets, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicDropped, nic), counted.RxDropped + counted.TxDropped, at);
    }
}

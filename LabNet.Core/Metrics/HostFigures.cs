using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Metrics;

/// <summary>What the host tells of a VM: its process, its vCPUs' threads, its taps.</summary>
/// <param name="taps">The VM's, by NIC.</param>
internal sealed class HostFigures(SampleBuilder sample, TimeProvider time, IReadOnlyList<(NicId Nic, string Tap)> taps)
{
    private readonly string[] _tapNames = [.. taps.Select(one => one.Tap)];

    /// <param name="process">Null of an attached VM.</param>
    /// <param name="cpus">As QEMU told last.</param>
    public void Write(QemuProcess? process, IReadOnlyList<CpuInfoFast> cpus)
    {
        if (process is null)
        {
            sample.Missing("process", "LabNet did not start this QEMU and does not know its process.");
        }
        else
        {
            sample.Missing("process", why: null);
            WriteProcess(process.Pid, cpus);
        }

        var counted = Host.ReadInterfaceCounters(_tapNames);
        var at = time.GetTimestamp();
        for (var place = 0; place < counted.Length; place++)
        {
            WriteTap(taps[place].Nic.ToString(), counted[place], at);
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

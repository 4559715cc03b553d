using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Metrics;

/// <summary>What the host tells of a VM: its process, its vCPUs' threads, its taps.</summary>
internal sealed class HostFigures(SampleBuilder sample, TimeProvider time)
{
    /// <param name="process">Null of an attached VM.</param>
    /// <param name="cpus">As QEMU told last.</param>
    /// <param name="taps">By NIC.</param>
    public void Write(QemuProcess? process, IReadOnlyList<CpuInfoFast> cpus, IReadOnlyList<(NicId Nic, string Tap)> taps)
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

        foreach (var (nic, tap) in taps)
        {
            WriteTap(nic.ToString(), tap);
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
    private void WriteTap(string nic, string tap)
    {
        if (Host.ReadInterfaceCounters(tap) is not { } counted)
        {
            return;
        }

        var at = time.GetTimestamp();
        sample.Counter(new MetricKey(MetricCatalogue.NicSent, nic), counted.RxBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicReceived, nic), counted.TxBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicSentPackets, nic), counted.RxPackets, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicReceivedPackets, nic), counted.TxPackets, at);
        sample.Counter(new MetricKey(MetricCatalogue.NicDropped, nic), counted.RxDropped + counted.TxDropped, at);
    }
}

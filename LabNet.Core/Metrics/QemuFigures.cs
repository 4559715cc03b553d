using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>What QEMU told, as series.</summary>
internal sealed class QemuFigures(SampleBuilder sample)
{
    /// <summary>The balloon driver's word for "not known": −1 as an unsigned number.</summary>
    private const double Unknown = ulong.MaxValue;

    private static readonly (string Member, string Part)[] GuestMemoryParts =
    [
        ("stat-total-memory", "total"), ("stat-free-memory", "free"), ("stat-available-memory", "available"), ("stat-disk-caches", "caches"),
    ];

    private static readonly (string Member, string Kind)[] GuestFaultKinds = [("stat-major-faults", "major"), ("stat-minor-faults", "minor")];

    private readonly Dictionary<string, BlockDeviceStats> _before = [];

    public void Forget() => _before.Clear();

    public void Write(QemuReading reading, DateTimeOffset now)
    {
        foreach (var block in reading.Blocks)
        {
            WriteBlock(block, reading.BlocksAt);
        }

        if (reading.Full is { } full)
        {
            WriteFull(full, now);
        }
    }

    /// <summary>Of the devices' nodes alone: QEMU 7.2 to 10 count there, and tell zero of the nodes below.</summary>
    private void WriteBlock(BlockStats block, long at)
    {
        if (NameOf(block) is not { } node)
        {
            return;
        }

        var stats = block.Stats;
        sample.Counter(new MetricKey(MetricCatalogue.BlockRead, node), stats.RdBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.BlockWritten, node), stats.WrBytes, at);
        sample.Counter(new MetricKey(MetricCatalogue.BlockReads, node), stats.RdOperations, at);
        sample.Counter(new MetricKey(MetricCatalogue.BlockWrites, node), stats.WrOperations, at);
        sample.Counter(new MetricKey(MetricCatalogue.BlockFlushes, node), stats.FlushOperations, at);
        sample.Counter(new MetricKey(MetricCatalogue.BlockDiscards, node), stats.UnmapOperations, at);
        sample.Counter(
            new MetricKey(MetricCatalogue.BlockFailed, node),
            (double)stats.FailedRdOperations + stats.FailedWrOperations + stats.FailedFlushOperations + stats.FailedUnmapOperations,
            at);
        if (_before.TryGetValue(node, out var before))
        {
            WriteLatencies(node, before, stats);
        }

        _before[node] = stats;
    }

    /// <summary>One that is the same after the next start: the node's, unless QEMU chose it; else the drive's, else the device's. A fault's node stands before the disk's own.</summary>
    private static string? NameOf(BlockStats block) =>
        VmSession.IsOfFault(block.NodeName) && block.Parent is { } below ? NameOf(below)
        : IsChosenByQemu(block.NodeName) ? string.IsNullOrEmpty(block.Device) ? block.Qdev : block.Device : block.NodeName;

    private static bool IsChosenByQemu(string? nodeName) => nodeName is not { Length: > 0 } || nodeName.StartsWith('#');

    private void WriteLatencies(string node, BlockDeviceStats before, BlockDeviceStats now)
    {
        WriteMean(MetricCatalogue.BlockReadLatency, node, before.RdTotalTimeNs, now.RdTotalTimeNs, before.RdOperations, now.RdOperations);
        WriteMean(MetricCatalogue.BlockWriteLatency, node, before.WrTotalTimeNs, now.WrTotalTimeNs, before.WrOperations, now.WrOperations);
        WriteMean(MetricCatalogue.BlockFlushLatency, node, before.FlushTotalTimeNs, now.FlushTotalTimeNs, before.FlushOperations, now.FlushOperations);
        WriteSlowest(MetricCatalogue.BlockReadLatencyP99, node, before.RdLatencyHistogram, now.RdLatencyHistogram);
        WriteSlowest(MetricCatalogue.BlockWriteLatencyP99, node, before.WrLatencyHistogram, now.WrLatencyHistogram);
    }

    /// <summary>Of the requests that ended in between; without any there is no latency, which is not zero.</summary>
    private void WriteMean(MetricDefinition metric, string node, long timeBefore, long timeNow, long countBefore, long countNow)
    {
        if (countNow > countBefore && timeNow >= timeBefore)
        {
            sample.Gauge(new MetricKey(metric, node), (double)(timeNow - timeBefore) / (countNow - countBefore));
        }
    }

    private void WriteSlowest(MetricDefinition metric, string node, BlockLatencyHistogram? before, BlockLatencyHistogram? now)
    {
        if (before is not null && now is not null && LatencyQuantile.Of(before, now, 0.99) is { } ns)
        {
            sample.Gauge(new MetricKey(metric, node), ns);
        }
    }

    private void WriteFull(FullQemuReading full, DateTimeOffset now)
    {
        sample.Gauge(new MetricKey(MetricCatalogue.MemorySize), (double)full.Memory.BaseMemory + (full.Memory.PluggedMemory ?? 0));
        foreach (var node in full.Nodes)
        {
            if (node.Image.ActualSize is { } bytes && !IsChosenByQemu(node.NodeName) && !VmSession.IsOfFault(node.NodeName))
            {
                sample.Gauge(new MetricKey(MetricCatalogue.BlockAllocated, node.NodeName), bytes);
            }
        }

        if (full.Balloon is { } balloon)
        {
            sample.Gauge(new MetricKey(MetricCatalogue.Balloon), balloon.Actual);
        }

        sample.Missing("pins", full.WhyNoPins);
        foreach (var (pin, count) in full.Pins)
        {
            sample.Counter(new MetricKey(MetricCatalogue.InterruptPins, pin), count, full.At);
        }

        WriteGuestMemory(full, now);
        WriteKvm(full);
    }

    private void WriteGuestMemory(FullQemuReading full, DateTimeOffset now)
    {
        if (full.GuestMemory is not { ValueKind: JsonValueKind.Object } told
            || !told.TryGetProperty("last-update", out var update) || !update.TryGetInt64(out var seconds) || seconds == 0
            || !told.TryGetProperty("stats", out var stats) || stats.ValueKind != JsonValueKind.Object)
        {
            sample.Missing("guest-memory", full.WhyNoBalloon ?? "The guest's balloon driver has told nothing yet.");
            return;
        }

        sample.Missing("guest-memory", why: null);
        sample.Gauge(new MetricKey(MetricCatalogue.GuestMemoryAge), Math.Max(0, (now - DateTimeOffset.UnixEpoch).TotalSeconds - seconds));
        foreach (var (member, part) in GuestMemoryParts)
        {
            if (Known(stats, member) is { } bytes)
            {
                sample.Gauge(new MetricKey(MetricCatalogue.GuestMemory, part), bytes);
            }
        }

        foreach (var (member, kind) in GuestFaultKinds)
        {
            if (Known(stats, member) is { } count)
            {
                sample.Counter(new MetricKey(MetricCatalogue.GuestFaults, kind), count, full.At);
            }
        }
    }

    private static double? Known(JsonElement stats, string member) =>
        stats.TryGetProperty(member, out var value) && value.TryGetDouble(out var number) && number is >= 0 and < Unknown ? number : null;

    /// <summary>The vCPUs' counters together.</summary>
    private void WriteKvm(FullQemuReading full)
    {
        var sums = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var one in (full.Kvm ?? []).Where(result => result.Provider == "kvm").SelectMany(result => result.Stats))
        {
            if (one.Value.ValueKind == JsonValueKind.Number && one.Value.TryGetDouble(out var number))
            {
                sums[one.Name] = sums.GetValueOrDefault(one.Name) + number;
            }
        }

        foreach (var (name, sum) in sums)
        {
            sample.Counter(new MetricKey(MetricCatalogue.Kvm, name), sum, full.At);
        }

        sample.Missing("kvm", sums.Count > 0 ? null : full.Kvm is null ? "KVM counts it; this VM does not run under KVM." : "This QEMU tells nothing of KVM's counters.");
    }
}

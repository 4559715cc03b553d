using System.Collections.Frozen;

namespace LabNet.Core.Metrics;

/// <summary>Every metric that LabNet has. A new one is a line here.</summary>
public static class MetricCatalogue
{
    private const double Nanoseconds = 1e-9;
    private const double Microseconds = 1e-6;

    public static readonly MetricDefinition VcpuCpu =
        Counter("vm_cpu", "cores", 4, "vcpu", "labnet_vm_cpu_seconds_total", "CPU time of the vCPU's thread on the host.", Nanoseconds);

    public static readonly MetricDefinition ProcessCpu =
        Counter("vm_process_cpu", "cores", 4, null, "labnet_vm_process_cpu_seconds_total", "CPU time of the whole QEMU process.", Nanoseconds);

    public static readonly MetricDefinition ProcessMemory =
        Bytes("vm_process_memory", null, "labnet_vm_process_memory_bytes", "Resident memory of the QEMU process.");

    public static readonly MetricDefinition MemorySize = Bytes("vm_memory_size", null, "labnet_vm_memory_size_bytes", "The guest's memory as QEMU has it.");

    public static readonly MetricDefinition Balloon =
        Bytes("vm_balloon", null, "labnet_vm_balloon_bytes", "What the balloon leaves to the guest.");

    public static readonly MetricDefinition GuestMemory =
        Bytes("guest_memory", "part", "labnet_guest_memory_bytes", "The guest's memory as its balloon driver tells it: total, free, available, caches.");

    public static readonly MetricDefinition GuestMemoryAge =
        Gauge("guest_memory_age", "s", 0, null, "labnet_guest_memory_age_seconds", "How old the balloon driver's figures are.");

    public static readonly MetricDefinition GuestFaults =
        Counter("guest_page_faults", "/s", 2, "kind", "labnet_guest_page_faults_total", "Page faults in the guest, major and minor.");

    public static readonly MetricDefinition BlockRead =
        Counter("vm_block_read", "B/s", 0, "node", "labnet_vm_block_read_bytes_total", "Bytes that the guest read from the disk.");

    public static readonly MetricDefinition BlockWritten =
        Counter("vm_block_written", "B/s", 0, "node", "labnet_vm_block_written_bytes_total", "Bytes that the guest wrote to the disk.");

    public static readonly MetricDefinition BlockReads = Counter("vm_block_reads", "/s", 2, "node", "labnet_vm_block_reads_total", "Reads that ended.");

    public static readonly MetricDefinition BlockWrites = Counter("vm_block_writes", "/s", 2, "node", "labnet_vm_block_writes_total", "Writes that ended.");

    public static readonly MetricDefinition BlockFlushes =
        Counter("vm_block_flushes", "/s", 2, "node", "labnet_vm_block_flushes_total", "Flushes that ended.");

    public static readonly MetricDefinition BlockDiscards =
        Counter("vm_block_discards", "/s", 2, "node", "labnet_vm_block_discards_total", "Discards that ended.");

    public static readonly MetricDefinition BlockFailed =
        Counter("vm_block_failed", "/s", 2, "node", "labnet_vm_block_failed_total", "Reads, writes, flushes and discards that failed.");

    public static readonly MetricDefinition BlockReadLatency =
        Gauge("vm_block_read_latency", "ns", 0, "node", "labnet_vm_block_read_latency_seconds", "Mean time of the reads since the sample before.", Nanoseconds);

    public static readonly MetricDefinition BlockWriteLatency =
        Gauge("vm_block_write_latency", "ns", 0, "node", "labnet_vm_block_write_latency_seconds", "Mean time of the writes since the sample before.", Nanoseconds);

    public static readonly MetricDefinition BlockFlushLatency =
        Gauge("vm_block_flush_latency", "ns", 0, "node", "labnet_vm_block_flush_latency_seconds", "Mean time of the flushes since the sample before.", Nanoseconds);

    public static readonly MetricDefinition BlockReadLatencyP99 = Gauge(
        "vm_block_read_latency_p99", "ns", 0, "node", "labnet_vm_block_read_latency_p99_seconds", "99 % of the reads since the sample before took no longer.", Nanoseconds);

    public static readonly MetricDefinition BlockWriteLatencyP99 = Gauge(
        "vm_block_write_latency_p99", "ns", 0, "node", "labnet_vm_block_write_latency_p99_seconds", "99 % of the writes since the sample before took no longer.", Nanoseconds);

    public static readonly MetricDefinition BlockAllocated =
        Bytes("vm_block_allocated", "node", "labnet_vm_block_allocated_bytes", "What the image takes on the host's disk.");

    public static readonly MetricDefinition NicReceived =
        Counter("vm_nic_received", "B/s", 0, "nic", "labnet_vm_nic_received_bytes_total", "Bytes that the guest received.");

    public static readonly MetricDefinition NicSent = Counter("vm_nic_sent", "B/s", 0, "nic", "labnet_vm_nic_sent_bytes_total", "Bytes that the guest sent.");

    public static readonly MetricDefinition NicReceivedPackets =
        Counter("vm_nic_received_packets", "/s", 2, "nic", "labnet_vm_nic_received_packets_total", "Packets that the guest received.");

    public static readonly MetricDefinition NicSentPackets =
        Counter("vm_nic_sent_packets", "/s", 2, "nic", "labnet_vm_nic_sent_packets_total", "Packets that the guest sent.");

    public static readonly MetricDefinition NicDropped =
        Counter("vm_nic_dropped", "/s", 2, "nic", "labnet_vm_nic_dropped_total", "Packets dropped on the way to or from the guest.");

    public static readonly MetricDefinition InterruptPins =
        Counter("vm_interrupt_pin", "/s", 2, "pin", "labnet_vm_interrupt_pin_total", "Interrupts by pin of an interrupt controller, as QEMU counts them.");

    public static readonly MetricDefinition GuestInterrupts =
        Counter("guest_interrupts", "/s", 2, "irq", "labnet_guest_interrupts_total", "Interrupts of all the guest's processors, as its kernel counts them.");

    public static readonly MetricDefinition Kvm =
        Counter("vm_kvm", "/s", 2, "statistic", "labnet_vm_kvm_total", "KVM's counters of all vCPUs together, by KVM's own names.");

    public static readonly MetricDefinition GuestLoad =
        Gauge("guest_load", "", 2, null, "labnet_guest_load1", "Processes that wanted a processor or a disk, on the average of a minute.");

    public static readonly MetricDefinition GuestUptime =
        Gauge("guest_uptime", "s", 2, null, "labnet_guest_uptime_seconds", "Since the guest booted.");

    public static readonly MetricDefinition GuestPressure = Counter(
        "guest_pressure", "s/s", 4, "resource", "labnet_guest_pressure_seconds_total", "Share of time in which some process waited for the resource (PSI).", Microseconds);

    public static IReadOnlyList<MetricDefinition> All { get; } =
    [
        VcpuCpu, ProcessCpu, ProcessMemory, MemorySize, Balloon, GuestMemory, GuestMemoryAge, GuestFaults, BlockRead, BlockWritten, BlockReads,
        BlockWrites, BlockFlushes, BlockDiscards, BlockFailed, BlockReadLatency, BlockWriteLatency, BlockFlushLatency, BlockReadLatencyP99,
        BlockWriteLatencyP99, BlockAllocated, NicReceived, NicSent, NicReceivedPackets, NicSentPackets, NicDropped, InterruptPins, GuestInterrupts,
        Kvm, GuestLoad, GuestUptime, GuestPressure,
    ];

    private static readonly FrozenDictionary<string, MetricDefinition> ByName = All.ToFrozenDictionary(metric => metric.Name);

    public static MetricDefinition? Find(string name) => ByName.GetValueOrDefault(name);

    private static MetricDefinition Counter(
        string name, string unit, int decimals, string? label, string prometheus, string help, double prometheusFactor = 1) =>
        new(name, MetricKind.Counter, unit, decimals, label, prometheus, prometheusFactor, help);

    private static MetricDefinition Gauge(
        string name, string unit, int decimals, string? label, string prometheus, string help, double prometheusFactor = 1) =>
        new(name, MetricKind.Gauge, unit, decimals, label, prometheus, prometheusFactor, help);

    private static MetricDefinition Bytes(string name, string? label, string prometheus, string help) =>
        Gauge(name, "B", 0, label, prometheus, help);
}

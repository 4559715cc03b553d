using LabNet.Core.Labs;

namespace LabNet.Web.Dashboard.Charts;

/// <summary>One chart of a board.</summary>
/// <param name="Metrics">Metrics, each with all its series, or single series.</param>
/// <param name="Unit">Of its axis: the metrics' own.</param>
/// <param name="AtLeast">The axis reaches at least so far, so that next to nothing does not fill the chart; 0 for no matter.</param>
/// <param name="Missing">Whose reasons are told when there is nothing to draw, such as <c>guest</c>.</param>
public sealed record ChartSpec(string Title, VmName Vm, IReadOnlyList<string> Metrics, string Unit, double AtLeast = 0, IReadOnlyList<string>? Missing = null)
{
    /// <summary>By metric: what its series are called where a chart has several metrics, before what their label says.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>What is said where there is nothing to draw and no reason for it.</summary>
    public string Nothing { get; init; } = "Nothing was measured in this time.";
}

/// <summary>The charts of a VM's page, part by part.</summary>
public static class VmCharts
{
    private const double OneCore = 1;
    private const double OneMegabyte = 1 << 20;
    private const double OneMillisecond = 1_000_000;

    /// <summary>A latency is one of requests.</summary>
    private const string NoRequest = "No request ended in this time.";

    private static readonly string[] Guest = ["guest"];

    public static IReadOnlyList<ChartSpec> CpuMemory(VmName vm) =>
    [
        new("vCPU time", vm, ["vm_cpu"], "cores", OneCore, ["process"]) { Names = new Dictionary<string, string> { ["vm_cpu"] = "vCPU" } },
        new("CPU time of QEMU", vm, ["vm_process_cpu"], "cores", OneCore, ["process"]),
        new("Memory of the guest", vm, ["guest_memory"], "B", 0, ["guest-memory"]),
        new("Memory of QEMU", vm, ["vm_process_memory", "vm_memory_size", "vm_balloon"], "B", 0, ["process"])
        {
            Names = new Dictionary<string, string> { ["vm_process_memory"] = "resident", ["vm_memory_size"] = "the guest's", ["vm_balloon"] = "left by the balloon" },
        },
        new("Load of the guest", vm, ["guest_load"], "", OneCore, Guest),
        new("Pressure in the guest", vm, ["guest_pressure"], "s/s", 0.1, ["guest", "pressure"]),
        new("Page faults in the guest", vm, ["guest_page_faults"], "/s", 10, ["guest-memory"]),
        new("Age of what the guest tells of its memory", vm, ["guest_memory_age"], "s", 10, ["guest-memory"]) { Names = new Dictionary<string, string> { ["guest_memory_age"] = "age" } },
    ];

    public static IReadOnlyList<ChartSpec> Block(VmName vm) =>
    [
        new("Read", vm, ["vm_block_read"], "B/s", OneMegabyte),
        new("Written", vm, ["vm_block_written"], "B/s", OneMegabyte),
        new("Reads", vm, ["vm_block_reads"], "/s", 10),
        new("Writes and flushes", vm, ["vm_block_writes", "vm_block_flushes"], "/s", 10)
        {
            Names = new Dictionary<string, string> { ["vm_block_writes"] = "writes", ["vm_block_flushes"] = "flushes" },
        },
        new("Latency, mean", vm, ["vm_block_read_latency", "vm_block_write_latency", "vm_block_flush_latency"], "ns", OneMillisecond)
        {
            Names = new Dictionary<string, string> { ["vm_block_read_latency"] = "read", ["vm_block_write_latency"] = "write", ["vm_block_flush_latency"] = "flush" },
            Nothing = NoRequest,
        },
        new("Latency, 99 % are faster", vm, ["vm_block_read_latency_p99", "vm_block_write_latency_p99"], "ns", OneMillisecond, ["histograms"])
        {
            Names = new Dictionary<string, string> { ["vm_block_read_latency_p99"] = "read", ["vm_block_write_latency_p99"] = "write" },
            Nothing = NoRequest,
        },
        new("Failed", vm, ["vm_block_failed"], "/s", 1),
        new("On the host's disk", vm, ["vm_block_allocated"], "B"),
    ];

    public static IReadOnlyList<ChartSpec> Network(VmName vm) =>
    [
        new("Received", vm, ["vm_nic_received"], "B/s", 1024, Guest),
        new("Sent", vm, ["vm_nic_sent"], "B/s", 1024, Guest),
        new("Packets received", vm, ["vm_nic_received_packets"], "/s", 10, Guest),
        new("Packets sent", vm, ["vm_nic_sent_packets"], "/s", 10, Guest),
        new("Dropped", vm, ["vm_nic_dropped"], "/s", 1, Guest),
    ];

    public static IReadOnlyList<ChartSpec> Interrupts(VmName vm) =>
    [
        new("In the guest, by device", vm, ["guest_interrupts"], "/s", 10, Guest),
        new("Pins of the interrupt controllers", vm, ["vm_interrupt_pin"], "/s", 10, ["pins"]),
        new("KVM's counters", vm, ["vm_kvm"], "/s", 10, ["kvm"]),
    ];

    /// <summary>A VM in the lab's overview.</summary>
    public static IReadOnlyList<ChartSpec> Overview(VmName vm) =>
    [
        new($"{vm} CPU", vm, ["vm_cpu"], "cores", OneCore, ["process"]) { Names = new Dictionary<string, string> { ["vm_cpu"] = "vCPU" } },
        new($"{vm} Memory", vm, ["guest_memory{part=available}", "vm_process_memory"], "B", 0, ["guest-memory"])
        {
            Names = new Dictionary<string, string> { ["vm_process_memory"] = "QEMU" },
        },
        new($"{vm} Disk", vm, ["vm_block_read", "vm_block_written"], "B/s", OneMegabyte)
        {
            Names = new Dictionary<string, string> { ["vm_block_read"] = "read", ["vm_block_written"] = "written" },
        },
        new($"{vm} Network", vm, ["vm_nic_received", "vm_nic_sent"], "B/s", 1024, Guest)
        {
            Names = new Dictionary<string, string> { ["vm_nic_received"] = "in", ["vm_nic_sent"] = "out" },
        },
    ];
}

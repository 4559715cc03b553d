using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

/// <summary>What can hold a snapshot, from what QEMU says of its drives.</summary>
[Trait("suite", "unit")]
public sealed class CoveredDisksTests
{
    [Fact]
    public void The_writable_qcow2_disks_are_covered_and_what_they_hold_is_one_snapshot()
    {
        var disks = Of([], Drive("vda", "qcow2", snapshots: "before"), Drive("d1", "qcow2", snapshots: "before"), Drive("cd0", "raw", readOnly: true));
        Assert.Null(disks.WhyNot);
        Assert.Equal(["vda", "d1"], disks.Nodes);
        var held = Assert.Single(disks.Held);
        Assert.Equal(("before", 5_000_000_007, 94), (held.Tag, held.VmClockNs, held.VmStateBytes));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(100).AddTicks(2), held.TakenAt);
        Assert.Equal(["vda", "d1"], held.Disks);
    }

    [Fact]
    public void An_NVMe_disk_is_refused_by_its_name() =>
        Assert.Contains("box has d1. Unplug it", Of(["d1"], Drive("vda", "qcow2")).WhyNot, StringComparison.Ordinal);

    [Fact]
    public void A_disk_that_is_no_qcow2_is_refused_by_its_name() =>
        Assert.Contains("d1 of box is a raw", Of([], Drive("vda", "qcow2"), Drive("d1", "raw")).WhyNot, StringComparison.Ordinal);

    [Fact]
    public void A_fault_in_force_is_refused() =>
        Assert.Contains("A fault is in force on dbg0", Of([], Drive("dbg0", "blkdebug")).WhyNot, StringComparison.Ordinal);

    [Fact]
    public void A_machine_without_a_disk_is_refused() => Assert.Contains("no qcow2 disk", Of([]).WhyNot, StringComparison.Ordinal);

    [Fact]
    public void A_disk_of_a_drive_option_is_known_by_its_backends_name() =>
        Assert.Equal(["drive0"], Of([], Drive("#block123", "qcow2", device: "drive0")).Nodes);

    private static CoveredDisks Of(string[] nvme, params BlockInfo[] drives) => CoveredDisks.Of("box", drives, nvme);

    private static BlockInfo Drive(string node, string driver, bool readOnly = false, string? snapshots = null, string device = "")
    {
        var held = snapshots is null ? "" : $$"""
            , "snapshots": [{"id": "1", "name": "{{snapshots}}", "vm-state-size": {{(node == "vda" ? 94 : 0)}}, "date-sec": 100, "date-nsec": 200, "vm-clock-sec": 5, "vm-clock-nsec": 7}]
            """;
        var json = $$"""
            {"device": "{{device}}", "type": "unknown", "removable": false, "locked": false, "inserted": {
                "drv": "{{driver}}", "ro": {{(readOnly ? "true" : "false")}}, "file": "/f", "encrypted": false, "node-name": "{{node}}",
                "bps": 0, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0,
                "cache": {"writeback": true, "direct": false, "no-flush": false},
                "image": {"filename": "/f", "format": "{{driver}}", "virtual-size": 1{{held}} } } }
            """;
        return JsonSerializer.Deserialize(json, QmpJson.Default.BlockInfo)!;
    }
}

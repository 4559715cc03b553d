using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class RecordedReplyTests
{
    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void What_real_QEMUs_answered_is_understood(string machine)
    {
        Assert.Equal(new StatusInfo(RunState.Running, Running: true), Read(machine, RunStateCommands.QueryStatus));
        Assert.StartsWith(machine.Split('-')[0], Read(machine, MachineCommands.QueryVersion).Qemu.ToVersion().ToString(), StringComparison.Ordinal);
        Assert.False(Read(machine, MachineCommands.QueryKvm).Enabled);
        Assert.Empty(Read(machine, MachineCommands.QueryJobs));

        var cpus = Read(machine, MachineCommands.QueryCpusFast);
        Assert.Equal([0, 1], cpus.Select(cpu => cpu.CpuIndex));
        Assert.All(cpus, cpu => Assert.True(cpu.ThreadId > 0 && cpu.QomPath.StartsWith("/machine/", StringComparison.Ordinal)));

        var agent = Assert.Single(Read(machine, MachineCommands.QueryChardev), chardev => chardev.Label == "qga");
        Assert.StartsWith("unix:/run/lab/qga.sock", agent.Filename, StringComparison.Ordinal);
        Assert.True(agent.FrontendOpen);

        var nodes = Read(machine, BlockCommands.QueryNamedBlockNodes);
        Assert.All(nodes, node => Assert.NotEmpty(node.NodeName));
        Assert.Contains(nodes, node => node.Drv == "qcow2" && node.File.EndsWith(".qcow2", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void A_machine_tells_what_it_is(string machine)
    {
        var arch = machine.Split('-')[1];
        Assert.Equal(arch, Read(machine, MachineCommands.QueryTarget).Arch);
        Assert.Equal("lab", Read(machine, MiscCommands.QueryName).Name);
        Assert.Equal(new UuidInfo("00000000-0000-0000-0000-000000000000"), Read(machine, MachineCommands.QueryUuid));
        Assert.Equal(arch == "x86_64", Read(machine, MachineCommands.QueryCurrentMachine).WakeupSuspendSupport);
        Assert.Equal(384L << 20, Read(machine, MachineCommands.QueryMemorySizeSummary).BaseMemory);
        Assert.Equal(384L << 20, Read(machine, MachineCommands.QueryBalloon).Actual);
        Assert.Empty(Read(machine, MiscCommands.QueryIothreads));
        Assert.Equal(arch == "x86_64", Read(machine, MachineCommands.QueryIrq).Text.Contains("IRQ statistics for ioapic", StringComparison.Ordinal));
        Assert.All(Read(machine, MachineCommands.QueryCpusFast), cpu => Assert.Equal((arch, 0), (cpu.Target, cpu.Props!.ThreadId)));
    }

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void A_disk_is_told_with_its_images_and_counters(string machine)
    {
        var disk = Assert.Single(Read(machine, BlockCommands.QueryBlock));
        Assert.EndsWith("/virtio-backend", disk.Qdev, StringComparison.Ordinal);
        Assert.Equal(("ok", false, null), (disk.IoStatus, disk.Removable, disk.TrayOpen));
        var medium = disk.Inserted!;
        Assert.Equal(("qcow2", 0L, 0L), (medium.Drv, medium.Bps, medium.IopsWr));
        Assert.Equal(medium.BackingFile, medium.Image.BackingImage!.Filename);
        Assert.True(medium.Image is { VirtualSize: > 0, ClusterSize: 65536, DirtyFlag: false });

        var stats = Assert.Single(Read(machine, BlockCommands.QueryBlockstats));
        Assert.Equal((disk.Qdev, medium.NodeName), (stats.Qdev, stats.NodeName));
        Assert.True(stats.Stats is { RdBytes: > 0, RdOperations: > 0, RdTotalTimeNs: > 0, FailedRdOperations: 0, IdleTimeNs: > 0 });
        Assert.Null(stats.Parent!.Stats.IdleTimeNs);

        var nodes = Read(Recording.Return(machine, "query-named-block-nodes-snap"), BlockCommands.QueryNamedBlockNodes.ReturnType);
        var snapshot = Assert.Single(nodes.SelectMany(node => node.Image.Snapshots ?? []));
        Assert.Equal("s1", snapshot.Name);
        Assert.True(snapshot.VmStateSize > 0 && snapshot.DateSec > 0);
    }

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void The_PCI_bus_is_told_with_its_bridges(string machine)
    {
        var bus = Assert.Single(Read(machine, PciCommands.QueryPci));
        Assert.Equal("Host bridge", bus.Devices[0].ClassInfo.Desc);
        var disk = Assert.Single(bus.Devices, function => function.QdevId == "vda");
        Assert.Equal((0x1af4, 0x1001, 1), (disk.Id.Vendor, disk.Id.Device, disk.IrqPin));
        Assert.Contains(disk.Regions, region => region is { Type: "memory", MemType64: true, Size: 16384 });
        Assert.All(bus.Devices.Where(function => function.QdevId.StartsWith("rp", StringComparison.Ordinal)), port => Assert.True(port.PciBridge!.Bus.Secondary > 0));
    }

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void A_failed_job_tells_why(string machine)
    {
        var jobs = Recording.Read(machine, "job-snapshot-load-missing").Select(line => JsonElement.Parse(line))
            .Where(message => message.TryGetProperty("return", out var value) && value.ValueKind == JsonValueKind.Array)
            .Select(message => Read(message.GetProperty("return").GetRawText(), MachineCommands.QueryJobs.ReturnType))
            .Last();
        var job = Assert.Single(jobs);
        Assert.Equal(("snapshot-load", "concluded"), (job.Type, job.Status));
        Assert.Contains("'nope' does not exist", job.Error, StringComparison.Ordinal);
    }

    private static T Read<T>(string machine, QmpCommand<T> command) => Read(Recording.Return(machine, command.Name), command.ReturnType);

    private static T Read<T>(string json, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(json, type)!;
}

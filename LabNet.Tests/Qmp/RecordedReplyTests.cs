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

        var nodes = Read(machine, MachineCommands.QueryNamedBlockNodes);
        Assert.All(nodes, node => Assert.NotEmpty(node.NodeName));
        Assert.Contains(nodes, node => node.Drv == "qcow2" && node.File.EndsWith(".qcow2", StringComparison.Ordinal));
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

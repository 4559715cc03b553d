using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>What a machine was made of at one moment, in QEMU's own words, so that two moments can be compared later.</summary>
/// <param name="Pci">The return of <c>query-pci</c>.</param>
/// <param name="BlockNodes">The return of <c>query-named-block-nodes</c>.</param>
/// <param name="Cpus">The return of <c>query-cpus-fast</c>.</param>
/// <param name="MemoryTree">The text of <c>info mtree -f -o</c>.</param>
/// <param name="DeviceTree">The text of <c>info qtree</c>.</param>
/// <param name="CommandLine">Without the program; empty of an attached VM.</param>
public sealed record MachineFacts(
    JsonElement Pci, JsonElement BlockNodes, JsonElement Cpus, string MemoryTree, string DeviceTree, IReadOnlyList<string> CommandLine)
{
    private static readonly CompleteQmpCommand[] Questions =
    [
        PciCommands.QueryPci, BlockCommands.QueryNamedBlockNodes, MachineCommands.QueryCpusFast, HumanMonitorCommands.MemoryTree, HumanMonitorCommands.DeviceTree,
    ];

    /// <summary>Asks QEMU, in one piece.</summary>
    /// <exception cref="QmpException"/>
    internal static async Task<MachineFacts> ReadAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var replies = await vm.ExecuteAsync(Questions, cancellationToken);
        return new MachineFacts(
            Raw(PciCommands.QueryPci),
            Raw(BlockCommands.QueryNamedBlockNodes),
            Raw(MachineCommands.QueryCpusFast),
            replies.Read(HumanMonitorCommands.MemoryTree),
            replies.Read(HumanMonitorCommands.DeviceTree),
            vm.ReadCommandLine());

        JsonElement Raw<T>(QmpCommand<T> command)
        {
            // A refusal is told as one, not kept as facts.
            replies.Read(command);
            return JsonElement.Parse(replies.ReadRaw(command).Span);
        }
    }
}

using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>What answers at which address; for every role, and not audited.</summary>
public sealed partial class VmSession
{
    /// <summary>The address spaces as they are now. The guest's firmware and its kernel change them: nothing is kept.</summary>
    /// <exception cref="QmpException">Also where QEMU's text names no address space.</exception>
    public async Task<MemoryMap> ReadMemoryMapAsync(CancellationToken cancellationToken)
    {
        var map = MemoryTreeText.Parse(await ReadMemoryTreeAsync(cancellationToken));
        return map.Memory is not null
            ? map
            : throw new QmpProtocolException($"QEMU answers “{HumanMonitorLine.MemoryTree}” without the address space “memory”.");
    }

    /// <summary>The text that <see cref="ReadMemoryMapAsync"/> reads, as QEMU printed it.</summary>
    /// <exception cref="QmpException"/>
    public ValueTask<string> ReadMemoryTreeAsync(CancellationToken cancellationToken) =>
        _qmp.ExecuteAsync(HumanMonitorCommands.MemoryTree, cancellationToken);

    /// <summary>What the VM's RAM and ROM are made of.</summary>
    /// <exception cref="QmpException"/>
    public async Task<RamBlockList> ReadRamBlocksAsync(CancellationToken cancellationToken) =>
        RamBlockList.Parse((await ReadAsync(MachineCommands.QueryRamBlocks, cancellationToken)).Text);
}

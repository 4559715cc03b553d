namespace LabNet.Core.Qmp;

/// <summary>qapi/dump.json.</summary>
public static class DumpCommands
{
    /// <summary>Begins to write the guest's memory as an ELF core; its end is told by the event <c>DUMP_COMPLETED</c>. A guest that runs stands still meanwhile.</summary>
    public static readonly QmpCommand<DumpArguments, QmpNothing> DumpGuestMemory =
        new("dump-guest-memory", QmpJson.Default.DumpArguments, QmpJson.Default.QmpNothing);
}

/// <param name="Paging">Whether by the guest's own page tables, which a guest that died may have damaged.</param>
/// <param name="Protocol"><c>file:</c> and a path that QEMU opens.</param>
/// <param name="Detach">Whether QEMU answers at once and goes on meanwhile.</param>
public sealed record DumpArguments(bool Paging, string Protocol, bool Detach);

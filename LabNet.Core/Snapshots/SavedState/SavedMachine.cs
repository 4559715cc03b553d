namespace LabNet.Core.Snapshots;

/// <summary>A machine as a snapshot has saved it: each device by fields, and the guest's memory by a hash of each page.</summary>
/// <param name="MachineType">QEMU's versioned name, such as <c>pc-q35-7.2</c>; null where the state does not tell.</param>
/// <param name="PageBytes">The unit of the memory's hashes: 4096 on both architectures.</param>
/// <param name="Sections">In the order that QEMU wrote them.</param>
/// <param name="Memory">The memory's blocks: RAM, and what devices keep like it (video memory, firmware).</param>
/// <param name="IsDescribed">Whether QEMU described the fields at the state's end; if not, every section is opaque.</param>
public sealed record SavedMachine(
    string? MachineType, int PageBytes, IReadOnlyList<SavedSection> Sections, IReadOnlyList<SavedMemory> Memory, bool IsDescribed)
{
    /// <summary>Reads QEMU's migration stream, version 3 (QEMU's docs/devel/migration/main.rst, "Stream structure"), without keeping pages.</summary>
    /// <param name="state">From its beginning on, such as <see cref="Qcow2Image.OpenVmState"/>; it is sought in, as the description is at its end.</param>
    /// <exception cref="SavedStateException">It is no such stream, or is cut or damaged.</exception>
    /// <exception cref="Qcow2Exception">The image that it lies in is damaged.</exception>
    /// <exception cref="IOException"/>
    /// <exception cref="OperationCanceledException"/>
    public static SavedMachine Read(Stream state, CancellationToken cancellationToken)
    {
        using var description = SavedDescription.Find(state);
        state.Position = 0;
        return new SavedStateReader(state, description).Run(cancellationToken);
    }
}

/// <summary>What one device, or one part of the machine, saved.</summary>
/// <param name="Name">QEMU's name for it: <c>0000:00:03.0/virtio-net</c>, <c>cpu</c>.</param>
/// <param name="Instance">Tells devices of one name apart: for <c>cpu</c>, the number of the vCPU.</param>
/// <param name="Version">Of the section's form.</param>
/// <param name="Bytes">All that it saved.</param>
/// <param name="Fields">The same by fields; null where it is opaque.</param>
/// <param name="OpaqueBecause">Why there are no fields, in words; null where there are.</param>
public sealed record SavedSection(
    string Name, uint Instance, uint Version, ReadOnlyMemory<byte> Bytes, SavedFields? Fields, string? OpaqueBecause)
{
    /// <summary>As people tell it from others: <c>cpu/0</c> for a vCPU, else its name, with the instance if that is not 0.</summary>
    public string Title => Instance == 0 && Name != "cpu" ? Name : $"{Name}/{Instance}";
}

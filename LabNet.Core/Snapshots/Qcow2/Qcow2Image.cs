namespace LabNet.Core.Snapshots;

/// <summary>
/// A qcow2 file read from its own tables, without QEMU: its snapshots, what two of them differ in, and the machine's state in one. The format is
/// that of QEMU's docs/interop/qcow2.txt, versions 2 and 3; encryption, external data files and extended L2 entries are refused.
/// </summary>
/// <remarks>
/// <para>Nothing is locked: a running QEMU may hold the file. What a snapshot holds does not change as long as the snapshot is there, and is
/// exact. The active state is exact only when QEMU has written its tables down (stopped and flushed, or ended).</para>
/// <para>An image tells what was there when it was opened: open it anew for each question. Thread-safe.</para>
/// </remarks>
public sealed class Qcow2Image : IDisposable
{
    private readonly Qcow2File _file;

    private Qcow2Image(Qcow2File file, Qcow2Header header, IReadOnlyList<Qcow2Snapshot> snapshots)
    {
        _file = file;
        Header = header;
        Snapshots = snapshots;
    }

    /// <summary>In the file's order, which is the order that they were taken in.</summary>
    public IReadOnlyList<Qcow2Snapshot> Snapshots { get; }

    /// <summary>The disk's size now, bytes.</summary>
    public long DiskBytes => Header.DiskBytes;

    /// <summary>512 bytes to 2 MiB.</summary>
    public int ClusterBytes => Header.ClusterBytes;

    /// <summary>What the disk stands on, as the file writes it; null if it stands alone.</summary>
    public string? BackingFile => Header.BackingFile;

    internal Qcow2Header Header { get; }

    /// <exception cref="Qcow2Exception">It is no qcow2 file that is read here; or it is damaged.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException"/>
    public static Qcow2Image Open(string path)
    {
        var file = new Qcow2File(path);
        try
        {
            var header = Qcow2Header.Read(file);
            return new Qcow2Image(file, header, Qcow2Snapshot.ReadTable(file, header));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The clusters of the disk in which two states differ. The machine's state is no part of the disk.</summary>
    /// <param name="before">One of <see cref="Snapshots"/>; null for the active state.</param>
    /// <param name="after">One of <see cref="Snapshots"/>; null for the active state.</param>
    /// <exception cref="Qcow2Exception">The tables are damaged, or a snapshot was deleted meanwhile.</exception>
    /// <exception cref="IOException"/>
    /// <exception cref="OperationCanceledException"/>
    public Qcow2Difference Compare(Qcow2Snapshot? before, Qcow2Snapshot? after, CancellationToken cancellationToken)
    {
        Exception? found = null;
        Qcow2Difference? difference = null;
        try
        {
            difference = new Qcow2Comparison(_file, Header).Run(StateOf(before), StateOf(after), cancellationToken);
        }
        catch (Qcow2Exception e)
        {
            found = e;
        }

        // A deleted snapshot's tables may have been written over while they were read: what was found then, also an error, means nothing.
        CheckStillThere(before, after);
        return difference ?? throw found!;
    }

    /// <summary>
    /// Which files of the guest two states differ in. The disk is an ext4 file system from its beginning on, without partitions, as LabNet's guests
    /// have it; what the image stands on is read too.
    /// </summary>
    /// <inheritdoc cref="Compare"/>
    /// <exception cref="Ext4Exception">One of the states has no such file system.</exception>
    public GuestFileDifference CompareFiles(Qcow2Snapshot? before, Qcow2Snapshot? after, CancellationToken cancellationToken)
    {
        var changed = Compare(before, after, cancellationToken).Ranges;
        using var diskBefore = new Qcow2Disk(_file, Header, StateOf(before));
        using var diskAfter = new Qcow2Disk(_file, Header, StateOf(after));
        var comparison = new GuestFileComparison(diskBefore, diskAfter, Ext4Layout.Read(diskBefore, cancellationToken), Ext4Layout.Read(diskAfter, cancellationToken));
        var difference = comparison.Run(changed, cancellationToken);
        CheckStillThere(before, after);
        return difference;
    }

    /// <summary>The bytes that QEMU wrote as the machine's state: its migration stream. It can be sought in.</summary>
    /// <param name="snapshot">One of <see cref="Snapshots"/> with a state. The stream ends with this image.</param>
    /// <exception cref="Qcow2Exception">The tables are damaged. Reading throws it too.</exception>
    /// <exception cref="IOException"/>
    public Stream OpenVmState(Qcow2Snapshot snapshot) => new Qcow2VmState(_file, Header, snapshot);

    public void Dispose() => _file.Dispose();

    internal (Qcow2L1 L1, long DiskBytes) StateOf(Qcow2Snapshot? snapshot) =>
        snapshot is null ? (Header.ActiveL1, Header.DiskBytes) : (snapshot.L1, snapshot.DiskBytes);

    private void CheckStillThere(params ReadOnlySpan<Qcow2Snapshot?> states)
    {
        var header = Qcow2Header.Read(_file);
        var there = Qcow2Snapshot.ReadTable(_file, header);
        foreach (var state in states)
        {
            if (state is null ? header.ActiveL1 != Header.ActiveL1 : !there.Contains(state))
            {
                throw new Qcow2Exception($"{_file.Name} changed while it was compared: {(state is null ? "its active state" : $"snapshot {state.Tag}")} is not where it was.") { HasChanged = true };
            }
        }
    }
}

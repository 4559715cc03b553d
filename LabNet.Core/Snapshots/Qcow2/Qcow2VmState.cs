namespace LabNet.Core.Snapshots;

/// <summary>
/// The machine's state in a snapshot. It is stored like the disk, at the guest offsets that begin where the disk's last L1 entry ends.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class Qcow2VmState : Stream
{
    private readonly Qcow2File _file;
    private readonly Qcow2Header _header;
    private readonly Qcow2Map _map;
    private readonly long _begin;
    private long _position;

    /// <exception cref="Qcow2Exception"/>
    public Qcow2VmState(Qcow2File file, Qcow2Header header, Qcow2Snapshot snapshot)
    {
        var firstEntry = header.L1EntriesOf(snapshot.DiskBytes);

        // Its clusters belong to no other state: a state larger than the file is none, whatever its tables say.
        var bytesMax = Math.Min(file.Length, Math.Max(0, snapshot.L1.Entries - firstEntry) << header.L1ReachBits);
        if (snapshot.VmStateBytes < 0 || snapshot.VmStateBytes > bytesMax)
        {
            throw new Qcow2Exception($"{file.Name}: snapshot {snapshot.Tag} claims a machine's state of {(ulong)snapshot.VmStateBytes} bytes, and the file can hold {bytesMax}.");
        }

        (_file, _header) = (file, header);
        _map = new Qcow2Map(file, header, snapshot.L1);
        _begin = firstEntry << header.L1ReachBits;
        Length = snapshot.VmStateBytes;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A position is not negative.");
    }

    public override int Read(Span<byte> buffer)
    {
        var offset = _begin + _position;
        var inCluster = (int)(offset & (_header.ClusterBytes - 1));
        var count = (int)Math.Min(Math.Min(buffer.Length, _header.ClusterBytes - inCluster), Math.Max(0, Length - _position));
        if (count == 0)
        {
            return 0;
        }

        buffer = buffer[..count];
        var entry = _map[offset >> _header.ClusterBits];
        switch (entry.Source)
        {
            case Qcow2Source.Data:
                _header.CheckOffset(_file, entry.Offset, "a cluster");

                // The file's last cluster may be written in part only; what is behind it reads as zeros in QEMU too.
                buffer[_file.Read(buffer, entry.Offset + inCluster)..].Clear();
                break;
            case Qcow2Source.Compressed:
                throw new Qcow2Exception($"{_file.Name}: the machine's state is compressed, which QEMU never does.");
            default:
                buffer.Clear();
                break;
        }

        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

namespace LabNet.Core.Snapshots;

/// <summary>The disk of one state, read as its guest reads it: what an image does not have comes from the one that it stands on.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class Qcow2Disk : IDisposable
{
    /// <summary>Against images that stand on each other in a circle; a lab's disk stands on one.</summary>
    private const int LayersMax = 16;

    private readonly List<Layer> _layers = [];

    /// <exception cref="Qcow2Exception">The disk, or what it stands on, cannot be read.</exception>
    /// <exception cref="IOException"/>
    public Qcow2Disk(Qcow2File file, Qcow2Header header, (Qcow2L1 L1, long DiskBytes) state)
    {
        Bytes = state.DiskBytes;
        _layers.Add(new Layer(file, header, new Qcow2Map(file, header, state.L1), state.DiskBytes, IsOurs: false));
        try
        {
            while (_layers[^1] is { Header: { BackingFile: { } backing } above } layer)
            {
                _layers.Add(_layers.Count < LayersMax ? Open(layer.File, backing, above.BackingFormat) : throw new Qcow2Exception($"{file.Name} stands on more than {LayersMax} images."));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The disk's size.</summary>
    public long Bytes { get; }

    /// <summary>Fills the buffer; behind the disk's end are zeros.</summary>
    /// <exception cref="Qcow2Exception"/>
    public void Read(Span<byte> buffer, long offset) => Read(0, buffer, offset);

    public void Dispose()
    {
        foreach (var layer in _layers.Where(layer => layer.IsOurs))
        {
            layer.File.Dispose();
        }
    }

    private static Layer Open(Qcow2File above, string name, string? format)
    {
        if (name.Contains(':', StringComparison.Ordinal) || format is not (null or "qcow2" or "raw"))
        {
            throw new Qcow2Exception($"{above.Name} stands on something that is no qcow2 or raw file.");
        }

        var file = new Qcow2File(Path.Join(Path.IsPathFullyQualified(name) ? "" : Path.GetDirectoryName(above.Path), name));
        try
        {
            if (format == "raw")
            {
                return new Layer(file, Header: null, Map: null, file.Length, IsOurs: true);
            }

            var header = Qcow2Header.Read(file);
            return new Layer(file, header, new Qcow2Map(file, header, header.ActiveL1), header.DiskBytes, IsOurs: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Read(int index, Span<byte> buffer, long offset)
    {
        if (index == _layers.Count || offset >= _layers[index].DiskBytes)
        {
            buffer.Clear();
            return;
        }

        var layer = _layers[index];
        var there = (int)Math.Min(buffer.Length, layer.DiskBytes - offset);
        buffer[there..].Clear();
        buffer = buffer[..there];
        if (layer is not { Header: { } header, Map: { } map })
        {
            buffer[layer.File.Read(buffer, offset)..].Clear();
            return;
        }

        while (buffer.Length > 0)
        {
            var inCluster = (int)(offset & (header.ClusterBytes - 1));
            var piece = buffer[..Math.Min(buffer.Length, header.ClusterBytes - inCluster)];
            var entry = map[offset >> header.ClusterBits];
            switch (entry.Source)
            {
                case Qcow2Source.Data:
                    header.CheckOffset(layer.File, entry.Offset, "a cluster");
                    piece[layer.File.Read(piece, entry.Offset + inCluster)..].Clear();
                    break;
                case Qcow2Source.Backing:
                    Read(index + 1, piece, offset);
                    break;
                case Qcow2Source.Zeros:
                    piece.Clear();
                    break;
                default:
                    throw new Qcow2Exception($"{layer.File.Name} has compressed clusters, which are not read.");
            }

            offset += piece.Length;
            buffer = buffer[piece.Length..];
        }
    }

    private sealed record Layer(Qcow2File File, Qcow2Header? Header, Qcow2Map? Map, long DiskBytes, bool IsOurs);
}

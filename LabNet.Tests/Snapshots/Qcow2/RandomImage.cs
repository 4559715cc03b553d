namespace LabNet.Tests.Snapshots;

/// <summary>
/// A qcow2 file with three snapshots that qemu-io has written at random, over a backing file or alone; and who wrote each cluster last, as the
/// test remembers it.
/// </summary>
internal sealed class RandomImage
{
    private static readonly int[] ClusterBits = [9, 12, 16, 21];

    private readonly Random _random;
    private readonly Dictionary<string, int[]> _writers = [];
    private readonly HashSet<int> _dataWrites = [];
    private readonly int[] _active;
    private int _operation;

    public RandomImage(TestFolder folder, int seed)
    {
        _random = new Random(seed);
        ClusterBytes = 1 << ClusterBits[seed % ClusterBits.Length];
        IsVersion2 = seed % 3 == 0;

        // More than one L2 table where clusters are small; the last cluster is cut in half.
        DiskBytes = Math.Min(ClusterBytes * 200L, 24 << 20) + (ClusterBytes / 1024 * 512);
        _active = new int[(DiskBytes + ClusterBytes - 1) / ClusterBytes];
        Path = folder.File("disk.qcow2");
        Raw = folder.File("disk.raw");
        List<string> create = ["create", "-q", "-f", "qcow2", "-o", $"cluster_size={ClusterBytes},compat={(IsVersion2 ? "0.10" : "1.1")}"];
        if (_random.Next(2) == 0)
        {
            QemuTools.Img("create", "-q", "-f", "qcow2", folder.File("base.qcow2"), $"{DiskBytes}");
            QemuTools.Io(folder.File("base.qcow2"), [$"write -q -P 1 0 {DiskBytes / 1024 * 512}"]);
            create.AddRange(["-b", folder.File("base.qcow2"), "-F", "qcow2"]);
            HasBacking = true;
        }

        QemuTools.Img([.. create, Path, $"{DiskBytes}"]);
        foreach (var tag in Tags)
        {
            Change();
            QemuTools.Img("snapshot", "-c", tag, Path);
            _writers[tag] = [.. _active];
        }

        if (_random.Next(2) == 0)
        {
            QemuTools.Img("snapshot", "-a", Tags[0], Path);
            _active = [.. _writers[Tags[0]]];
        }

        Change();
    }

    public static string[] Tags { get; } = ["one", "two", "three"];

    public string Path { get; }

    public string Raw { get; }

    public int ClusterBytes { get; }

    public long DiskBytes { get; }

    public bool IsVersion2 { get; }

    public bool HasBacking { get; }

    /// <summary>By cluster, the number of the operation that touched it last; 0 for none.</summary>
    public int[] WritersOf(string? tag) => tag is null ? _active : _writers[tag];

    /// <summary>Whether the operation gave the cluster data; else it took them away, if there were any.</summary>
    public bool IsDataWrite(int operation) => _dataWrites.Contains(operation);

    private void Change()
    {
        List<string> commands = [];
        for (var count = _random.Next(1, 12); count > 0; count--)
        {
            commands.Add(Operation());
        }

        // What QEMU keeps behind the disk is the machine's, and changes with each snapshot.
        commands.Add($"write -q -b -P {_random.Next(1, 256)} 0 {_random.Next(1, 4) * 65536}");
        QemuTools.Io(Path, commands);
    }

    private string Operation()
    {
        _operation++;
        var first = _random.Next(_active.Length);
        var last = Math.Min(_active.Length - 1, first + _random.Next(8));
        var (offset, end) = ((long)first * ClusterBytes, Math.Min(DiskBytes, (last + 1L) * ClusterBytes));
        var kind = _random.Next(6);
        if (kind == 5 && IsVersion2 && HasBacking)
        {
            // QEMU discards nothing there: what lies behind it would show again.
            kind = 2;
        }

        if (kind == 0 && ClusterBytes > 512)
        {
            // Not whole clusters: QEMU copies the rest from what was there.
            offset += ClusterBytes / 2 / 512 * 512;
            end = Math.Max(offset + 512, end - 512);
            end = Math.Min(end, DiskBytes);
            offset = Math.Min(offset, end - 512);
            first = (int)(offset / ClusterBytes);
            last = (int)((end - 1) / ClusterBytes);
        }

        var isCompressed = kind == 1 && ClusterBytes >= 4096 && _active[first] == 0;
        if (isCompressed)
        {
            // Compressed data come a cluster at a time, where nothing was.
            last = first;
            end = Math.Min(DiskBytes, (first + 1L) * ClusterBytes);
        }

        Array.Fill(_active, _operation, first, last - first + 1);
        if (kind < 4)
        {
            _dataWrites.Add(_operation);
        }

        return kind switch
        {
            1 when isCompressed => $"write -q -c -P {_random.Next(1, 256)} {offset} {end - offset}",
            4 => $"write -q -z {(_random.Next(2) == 0 || IsVersion2 ? "" : "-u ")}{offset} {end - offset}",
            5 => $"discard -q {offset} {end - offset}",
            _ => $"write -q -P {_random.Next(1, 256)} {offset} {end - offset}",
        };
    }
}

using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "qemu")]
public sealed class Qcow2DifferenceTests
{
    private const int Hang = 120_000;
    private const int FirstSeed = 7_000;

    [LongFormFact(Hang)]
    public void Any_two_states_of_random_images_differ_in_the_clusters_that_were_written_between_them_and_in_no_others()
    {
        foreach (var seed in Enumerable.Range(FirstSeed, LongForm.Rounds(16)))
        {
            using var folder = new TestFolder();
            var random = new RandomImage(folder, seed);
            var told = $"seed {seed}, clusters of {random.ClusterBytes}{(random.HasBacking ? ", over a backing file" : "")}{(random.IsVersion2 ? ", version 2" : "")}";
            TestContext.Current.TestOutputHelper?.WriteLine(told);
            using var image = Qcow2Image.Open(random.Path);
            Assert.Equal(RandomImage.Tags, image.Snapshots.Select(snapshot => snapshot.Tag));
            Assert.Equal(random.HasBacking, image.BackingFile is not null);
            var states = RandomImage.Tags.Append(null).Select(tag => new State(tag, random, image)).ToList();
            Assert.All(from before in states from after in states select (before, after), pair => Check(image, random, pair.before, pair.after, told));
        }
    }

    [Fact(Timeout = Hang)]
    public void A_disk_that_grew_differs_in_what_was_written_to_its_new_part()
    {
        const int Cluster = 65536;
        using var folder = new TestFolder();
        var path = folder.File("disk.qcow2");
        QemuTools.Img("create", "-q", "-f", "qcow2", path, "600M");
        QemuTools.Io(path, ["write -q -P 1 0 200k"]);
        QemuTools.Img("snapshot", "-c", "small", path);
        QemuTools.Img("resize", "-q", path, "1200M");
        QemuTools.Io(path, ["write -q -P 2 599M 2M", "write -q -P 3 64k 4k"]);
        using var image = Qcow2Image.Open(path);
        var difference = image.Compare(image.Snapshots[0], after: null, TestContext.Current.CancellationToken);
        Assert.Equal((600L << 20, 1200L << 20), (difference.DiskBytesBefore, difference.DiskBytesAfter));
        Assert.Equal([new ByteRange(Cluster, Cluster), new ByteRange(599 << 20, 2 << 20)], difference.Ranges);
        Assert.Equal((1, 32, 0), (difference.Rewritten, difference.Allocated, difference.Freed));
        var back = image.Compare(before: null, image.Snapshots[0], TestContext.Current.CancellationToken);
        Assert.Equal(difference.Ranges, back.Ranges);
        Assert.Equal((1, 0, 32), (back.Rewritten, back.Allocated, back.Freed));
    }

    [Fact(Timeout = Hang)]
    public void A_snapshot_that_is_deleted_meanwhile_is_not_compared()
    {
        using var folder = new TestFolder();
        var random = new RandomImage(folder, FirstSeed + 1);
        using var image = Qcow2Image.Open(random.Path);
        QemuTools.Img("snapshot", "-d", "two", random.Path);
        var e = Assert.Throws<Qcow2Exception>(() => image.Compare(image.Snapshots[0], image.Snapshots[1], TestContext.Current.CancellationToken));
        Assert.True(e.HasChanged);
        Assert.Contains("two", e.Message, StringComparison.Ordinal);
        image.Compare(image.Snapshots[0], image.Snapshots[2], TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = Hang)]
    public void The_mark_that_a_cluster_has_one_owner_makes_no_difference()
    {
        const byte OneOwner = 0x80;
        using var folder = new TestFolder();
        var path = folder.File("disk.qcow2");
        QemuTools.Img("create", "-q", "-f", "qcow2", path, "8M");
        QemuTools.Io(path, ["write -q -P 1 0 128k"]);
        QemuTools.Img("snapshot", "-c", "one", path);
        QemuTools.Io(path, ["write -q -P 2 64k 64k"]);
        QemuTools.Img("snapshot", "-c", "two", path);

        // QEMU keeps the mark right in active tables only, and may leave it in a snapshot's.
        using (var file = new Qcow2File(path))
        using (var image = Qcow2Image.Open(path))
        using (var raw = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0))
        {
            raw.Position = (long)Qcow2Map.ReadL1(file, image.Snapshots[0].L1)[0];
            Assert.Equal(0, raw.ReadByte());
            raw.Position--;
            raw.WriteByte(OneOwner);
        }

        using var marked = Qcow2Image.Open(path);
        Assert.Equal([new ByteRange(65536, 65536)], marked.Compare(marked.Snapshots[0], marked.Snapshots[1], TestContext.Current.CancellationToken).Ranges);
    }

    private static void Check(Qcow2Image image, RandomImage random, State before, State after, string told)
    {
        var difference = image.Compare(before.Snapshot, after.Snapshot, TestContext.Current.CancellationToken);
        var changed = new bool[before.Writers.Length];
        long end = -1;
        foreach (var range in difference.Ranges)
        {
            // In order, with a gap between them, on cluster borders.
            Assert.True(range.Offset > end && range.Length > 0 && range.Offset % random.ClusterBytes == 0, told);
            end = range.Offset + range.Length;
            Assert.True(end <= random.DiskBytes && (end % random.ClusterBytes == 0 || end == random.DiskBytes), told);
            Array.Fill(changed, true, (int)(range.Offset / random.ClusterBytes), (int)((range.Length + random.ClusterBytes - 1) / random.ClusterBytes));
        }

        Assert.Equal(changed.Count(is_ => is_), difference.Clusters);
        for (var cluster = 0; cluster < changed.Length; cluster++)
        {
            var where = $"{told}: {before.Tag} to {after.Tag}, cluster {cluster}";
            var (writer, other) = (before.Writers[cluster], after.Writers[cluster]);
            Assert.True(changed[cluster] || before.Cluster(cluster).SequenceEqual(after.Cluster(cluster)), $"{where} differs and is not told");
            Assert.True(!changed[cluster] || writer != other, $"{where} was not written and is told");
            Assert.True(changed[cluster] || writer == other || !(random.IsDataWrite(writer) || random.IsDataWrite(other)), $"{where} was written and is not told");
        }
    }

    private sealed class State(string? tag, RandomImage random, Qcow2Image image)
    {
        private readonly byte[] _disk = QemuTools.ReadDisk(random.Path, tag, random.Raw);

        public string Tag => tag ?? "now";

        public Qcow2Snapshot? Snapshot { get; } = image.Snapshots.FirstOrDefault(snapshot => snapshot.Tag == tag);

        public int[] Writers { get; } = random.WritersOf(tag);

        public ReadOnlySpan<byte> Cluster(int index)
        {
            var begin = index * random.ClusterBytes;
            return _disk.AsSpan(begin, Math.Min(random.ClusterBytes, _disk.Length - begin));
        }
    }
}

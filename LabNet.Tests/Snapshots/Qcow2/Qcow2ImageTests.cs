using System.Text.Json;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "qemu")]
public sealed class Qcow2ImageTests
{
    private const int Hang = 120_000;
    private const int Seed = 7_100;

    [Fact(Timeout = Hang)]
    public void The_table_of_snapshots_is_what_qemu_img_tells()
    {
        using var folder = new TestFolder();
        var random = new RandomImage(folder, Seed);
        QemuTools.Img("snapshot", "-c", "it's \"four\" ☃ " + new string('x', 200), random.Path);
        using var image = Qcow2Image.Open(random.Path);
        using var info = JsonDocument.Parse(QemuTools.Img("info", "--output=json", random.Path));
        var told = info.RootElement.GetProperty("snapshots").EnumerateArray().ToList();
        Assert.Equal(4, told.Count);
        Assert.Equal(info.RootElement.GetProperty("virtual-size").GetInt64(), image.DiskBytes);
        Assert.Equal(info.RootElement.GetProperty("cluster-size").GetInt32(), image.ClusterBytes);
        Assert.All(told.Zip(image.Snapshots), pair =>
        {
            Assert.Equal(pair.First.GetProperty("id").GetString(), pair.Second.Id);
            Assert.Equal(pair.First.GetProperty("name").GetString(), pair.Second.Tag);
            Assert.Equal(pair.First.GetProperty("date-sec").GetUInt32(), pair.Second.DateSeconds);
            Assert.Equal(pair.First.GetProperty("date-nsec").GetUInt32(), pair.Second.DateNanoseconds);
            Assert.Equal(pair.First.GetProperty("vm-state-size").GetInt64(), pair.Second.VmStateBytes);
            Assert.Equal(image.DiskBytes, pair.Second.DiskBytes);
        });
    }

    [Theory]
    [InlineData(0, 0, "no qcow2 file")]
    [InlineData(7, 4, "version is 4")]
    [InlineData(8, 1, "backing file")]
    [InlineData(23, 8, "2^8 bytes")]
    [InlineData(23, 22, "2^22 bytes")]
    [InlineData(24, 0x40, "more than its L1 table")]
    [InlineData(24, 0xff, "more than its L1 table")]
    [InlineData(27, 1, "the disk needs")]
    [InlineData(35, 2, "encrypted")]
    [InlineData(36, 1, "L1 entries, and QEMU allows")]
    [InlineData(40, 0x80, "no place of a cluster")]
    [InlineData(47, 1, "no place of a cluster")]
    [InlineData(60, 1, "snapshots, and QEMU allows")]
    [InlineData(63, 1, "a snapshot's L1 table")]
    [InlineData(71, 1, "its table of snapshots")]
    [InlineData(79, 0x02, "damaged")]
    [InlineData(79, 0x04, "another file")]
    [InlineData(79, 0x08, "compressed in a way")]
    [InlineData(79, 0x10, "subclusters")]
    [InlineData(79, 0x20, "not known")]
    [InlineData(103, 3, "header claims")]
    public void A_header_that_is_not_read_is_refused_in_words(int at, byte value, string words)
    {
        using var folder = new TestFolder();
        var path = folder.File("disk.qcow2");
        QemuTools.Img("create", "-q", "-f", "qcow2", path, "8M");
        var bytes = File.ReadAllBytes(path);

        // A count of snapshots, whose table is then the header itself: its words are read as lengths.
        bytes[63] = (byte)(at == 71 ? 1 : 0);
        bytes[at] = value;
        File.WriteAllBytes(path, bytes);
        Assert.Contains(words, Assert.Throws<Qcow2Exception>(() => Qcow2Image.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_none_or_too_short_is_refused()
    {
        using var folder = new TestFolder();
        Assert.Throws<Qcow2Exception>(() => Qcow2Image.Open(folder.Write("empty", [])));
        Assert.Throws<Qcow2Exception>(() => Qcow2Image.Open(folder.Write("short", "QFI\xfb\0\0\0\u0003"u8.ToArray())));
        Assert.Throws<FileNotFoundException>(() => Qcow2Image.Open(folder.File("none")));
    }

    [LongFormFact(Hang)]
    public void Damaged_bytes_give_an_answer_or_the_declared_exception_and_never_a_hang()
    {
        using var folder = new TestFolder();
        foreach (var seed in (int[])[Seed, Seed + 1])
        {
            var image = new RandomImage(folder, seed);
            var places = TablesOf(image.Path);
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, {places.Count} places");
            var random = new Random(seed);
            var (answered, refused) = (0, 0);
            for (var round = LongForm.Rounds(1500); round > 0; round--)
            {
                using var damage = new Damage(image.Path, places, random);
                try
                {
                    ReadEverything(image.Path);
                    answered++;
                }
                catch (Qcow2Exception)
                {
                    refused++;
                }
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused");
            Assert.True(answered > 0 && refused > 0);
            foreach (var file in Directory.EnumerateFiles(folder.Path))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>The bytes that are read: the header, the table of snapshots, and of each state the L1 table and the L2 tables.</summary>
    private static List<long> TablesOf(string path)
    {
        using var image = Qcow2Image.Open(path);
        using var file = new Qcow2File(path);
        List<long> places = [.. Range(0, 112), .. Range(image.Header.SnapshotsOffset, 40 * image.Snapshots.Count)];
        foreach (var l1 in image.Snapshots.Select(snapshot => snapshot.L1).Append(image.Header.ActiveL1))
        {
            places.AddRange(Range(l1.Offset, l1.Entries * 8));
            places.AddRange(Qcow2Map.ReadL1(file, l1).Where(table => table != 0).SelectMany(table => Range((long)table, 64)));
        }

        return places;
    }

    private static IEnumerable<long> Range(long offset, int length) => Enumerable.Range(0, length).Select(i => offset + i);

    private static void ReadEverything(string path)
    {
        using var image = Qcow2Image.Open(path);
        foreach (var snapshot in image.Snapshots)
        {
            image.Compare(snapshot, after: null, TestContext.Current.CancellationToken);
            using var state = image.OpenVmState(snapshot);
            state.CopyTo(Stream.Null);
        }
    }

    /// <summary>Some bytes of a file are others for a while.</summary>
    private sealed class Damage : IDisposable
    {
        private readonly FileStream _file;
        private readonly List<(long Place, byte Was)> _done = [];

        public Damage(string path, List<long> places, Random random)
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            for (var count = random.Next(1, 4); count > 0; count--)
            {
                var place = places[random.Next(places.Count)];
                _done.Add((place, At(place)));
                Set(place, (byte)random.Next(256));
            }
        }

        public void Dispose()
        {
            foreach (var (place, was) in Enumerable.Reverse(_done))
            {
                Set(place, was);
            }

            _file.Dispose();
        }

        private byte At(long place)
        {
            _file.Position = place;
            return (byte)_file.ReadByte();
        }

        private void Set(long place, byte value)
        {
            _file.Position = place;
            _file.WriteByte(value);
        }
    }
}

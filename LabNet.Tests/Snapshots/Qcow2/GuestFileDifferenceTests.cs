using System.Diagnostics;
using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "qemu")]
public sealed class GuestFileDifferenceTests
{
    private const int Hang = 120_000;
    private const int Seed = 7_300;
    private const int Block = 4096;
    private const int DiskMiB = 64;
    private const int SuperblockOffset = 1024;
    private const int SuperblockWords = 100;

    [Fact(Timeout = Hang)]
    public void Changed_clusters_are_told_as_the_files_that_they_belong_to()
    {
        using var folder = new TestFolder();
        var disk = MakeDisk(folder);
        Change(folder, folder.File("root.raw"));

        // All is written anew, so that every cluster has changed and only the bytes tell what is different.
        QemuTools.Img("convert", "-n", "-f", "raw", "-O", "qcow2", folder.File("root.raw"), disk);
        using var image = Qcow2Image.Open(disk);
        var difference = image.CompareFiles(image.Snapshots[0], after: null, TestContext.Current.CancellationToken);
        foreach (var file in difference.Files)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{file.Change} {file.Path} {file.Bytes}");
        }

        Assert.Equal((Block, true), (difference.BlockBytes, difference.IsByBlock));
        Assert.Equal(
            [
                new GuestFile("/etc/conf", GuestFileChange.Changed, Block),
                new GuestFile("/etc/new", GuestFileChange.Created, 5 * Block),
                new GuestFile("/many/file250", GuestFileChange.Deleted, 0),
                new GuestFile("/sparse", GuestFileChange.Changed, Block),
            ],
            difference.Files.Where(file => file.Path.StartsWith('/') && file.Path is not ("/etc" or "/many")).Select(file => file.Change == GuestFileChange.Deleted ? file with { Bytes = 0 } : file));
        Assert.Contains(difference.Files, file => file.Path == "(inode tables)");
        Assert.Contains(difference.Files, file => file.Path == "/etc");
        var back = image.CompareFiles(before: null, image.Snapshots[0], TestContext.Current.CancellationToken);
        Assert.Contains(back.Files, file => file is { Path: "/etc/new", Change: GuestFileChange.Deleted });
        Assert.Contains(back.Files, file => file is { Path: "/many/file250", Change: GuestFileChange.Created });
        Assert.Empty(image.CompareFiles(image.Snapshots[0], image.Snapshots[0], TestContext.Current.CancellationToken).Files);
    }

    [LongFormFact(Hang)]
    public void A_damaged_file_system_gives_an_answer_or_the_declared_exception_and_never_a_hang()
    {
        using var folder = new TestFolder();
        var disk = MakeDisk(folder);
        using var image = Qcow2Image.Open(disk);
        var random = new Random(Seed);
        var (answered, refused) = (0, 0);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using var raw = new FileStream(folder.File("base.raw"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var places = MetadataOf(image);
        for (var round = LongForm.Rounds(80); round > 0; round--)
        {
            // The superblock's words decide what is read at all.
            var place = round % 4 == 0 ? SuperblockOffset + random.Next(SuperblockWords) : places[random.Next(places.Count)];
            raw.Position = place;
            var was = (byte)raw.ReadByte();
            Put(raw, place, (byte)random.Next(256));
            try
            {
                image.CompareFiles(image.Snapshots[0], after: null, TestContext.Current.CancellationToken);
                answered++;
            }
            catch (Ext4Exception)
            {
                refused++;
            }

            Put(raw, place, was);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused");
        Assert.True(answered > 0 && refused > 0);
    }

    [Fact]
    public void A_disk_without_a_file_system_is_told_as_such()
    {
        using var folder = new TestFolder();
        QemuTools.Img("create", "-q", "-f", "qcow2", folder.File("disk.qcow2"), "8M");
        QemuTools.Img("snapshot", "-c", "one", folder.File("disk.qcow2"));
        using var image = Qcow2Image.Open(folder.File("disk.qcow2"));
        Assert.Throws<Ext4Exception>(() => image.CompareFiles(image.Snapshots[0], after: null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Images_that_stand_on_each_other_in_a_circle_are_refused()
    {
        using var folder = new TestFolder();
        QemuTools.Img("create", "-q", "-f", "qcow2", folder.File("a.qcow2"), "8M");
        QemuTools.Img("create", "-q", "-f", "qcow2", "-b", folder.File("a.qcow2"), "-F", "qcow2", folder.File("b.qcow2"));
        QemuTools.Img("rebase", "-u", "-b", folder.File("b.qcow2"), "-F", "qcow2", folder.File("a.qcow2"));
        using var image = Qcow2Image.Open(folder.File("a.qcow2"));
        Assert.Contains("stands on more than", Assert.Throws<Qcow2Exception>(() => image.CompareFiles(before: null, after: null, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    /// <summary>An overlay with a snapshot on a file system as the guests have it.</summary>
    private static string MakeDisk(TestFolder folder)
    {
        var root = Directory.CreateDirectory(folder.File("root"));
        Directory.CreateDirectory(Path.Join(root.FullName, "etc"));
        Directory.CreateDirectory(Path.Join(root.FullName, "many"));
        File.WriteAllText(Path.Join(root.FullName, "etc/conf"), "before");
        File.WriteAllText(Path.Join(root.FullName, "etc/same"), "same");

        // Enough for an index of the directory, and enough holes for a tree of extents.
        for (var i = 0; i < 500; i++)
        {
            File.WriteAllText(Path.Join(root.FullName, $"many/file{i}"), $"{i}");
        }

        using (var sparse = File.Create(Path.Join(root.FullName, "sparse")))
        {
            for (var i = 0; i < 12; i++)
            {
                sparse.Position = i * 5 * Block;
                sparse.WriteByte((byte)(i + 1));
            }
        }

        Run("mke2fs", "-q", "-F", "-t", "ext4", "-b", $"{Block}", "-I", "256", "-d", root.FullName, folder.File("base.raw"), $"{DiskMiB}M");
        File.Copy(folder.File("base.raw"), folder.File("root.raw"));
        QemuTools.Img("create", "-q", "-f", "qcow2", "-b", folder.File("base.raw"), "-F", "raw", folder.File("disk.qcow2"));
        QemuTools.Img("snapshot", "-c", "one", folder.File("disk.qcow2"));
        return folder.File("disk.qcow2");
    }

    private static void Change(TestFolder folder, string raw)
    {
        var bytes = File.ReadAllBytes(raw);
        bytes[bytes.AsSpan().IndexOf("before"u8)] = (byte)'B';

        // The eleventh stretch of the sparse file: a block that holds one byte.
        for (var at = 0; at < bytes.Length; at += Block)
        {
            if (bytes[at] == 11 && bytes.AsSpan(at + 1, Block - 1).IndexOfAnyExcept((byte)0) < 0)
            {
                bytes[at] = 99;
                break;
            }
        }

        File.WriteAllBytes(raw, bytes);
        folder.Write("new", [.. Enumerable.Repeat((byte)7, 5 * Block)]);
        Run("debugfs", "-w", "-f", folder.Write("commands", System.Text.Encoding.UTF8.GetBytes($"write {folder.File("new")} etc/new\nrm many/file250\n")), raw);
    }

    private static List<long> MetadataOf(Qcow2Image image)
    {
        using var file = new Qcow2File(Path.Join(Path.GetDirectoryName(image.BackingFile), "disk.qcow2"));
        using var disk = new Qcow2Disk(file, image.Header, image.StateOf(null));
        var layout = Ext4Layout.Read(disk, TestContext.Current.CancellationToken);
        var blocks = from block in Enumerable.Range(0, (int)layout.Geometry.Blocks)
                     where layout.OwnerOf(block) is Ext4Layout.OtherTables or Ext4Layout.InodeTables || layout.Names.PathOf(layout.OwnerOf(block) ?? 0) is "/" or "/many" or "/etc" or "/sparse"
                     select block;
        return [.. from at in blocks.SelectMany(block => Enumerable.Range(0, Block).Select(i => ((long)block * Block) + i)) where ByteAt(disk, at) != 0 || at < Block select at];
    }

    private static byte ByteAt(Qcow2Disk disk, long at)
    {
        Span<byte> one = stackalloc byte[1];
        disk.Read(one, at);
        return one[0];
    }

    private static void Put(FileStream file, long place, byte value)
    {
        file.Position = place;
        file.WriteByte(value);
    }

    private static void Run(string program, params string[] arguments)
    {
        // Debian has them where only root's shell looks.
        var start = new ProcessStartInfo("timeout", ["60", program, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["PATH"] += ":/usr/sbin";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {errors}{said.Result}");
    }
}

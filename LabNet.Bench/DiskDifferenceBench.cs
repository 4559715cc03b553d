using System.Diagnostics;
using System.Text.Json;
using LabNet.Core.Snapshots;

namespace LabNet.Bench;

/// <summary>
/// What two snapshots of a 20 GB disk differ in: by the tables of the qcow2 file, and by converting both with qemu-img and comparing the bytes. Both
/// in one run, both from the page cache, and both must find the same clusters.
/// </summary>
internal static class DiskDifferenceBench
{
    public const string Name = "disk-difference";
    public const string Measures = "two snapshots of a 20 GB qcow2 with 50,000 changed clusters, against qemu-img convert and compare (6 GB of /dev/shm)";

    private const long DiskBytes = 20L << 30;
    private const int ClusterBytes = 65536;
    private const int Changed = 50_000;
    private const int Seed = 20_261_130;
    private const int OursAtLeast = 200;
    private const string Place = "/dev/shm";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var folder = Path.Join(Place, $"labnet-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            var disk = Path.Join(folder, "disk.qcow2");
            var began = Stopwatch.GetTimestamp();
            await MakeAsync(disk);
            Console.WriteLine($"made in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {DiskBytes >> 30} GiB, {Changed} changed clusters of {ClusterBytes >> 10} KiB, seed {Seed}; the file has {new FileInfo(disk).Length / 1e9:0.0} GB");
            return await MeasureAsync(folder, disk, Math.Max(OursAtLeast, arguments.Rounds));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Half of the changed clusters had data before, half had none; some data stay as they are.</summary>
    private static async Task MakeAsync(string disk)
    {
        var clusters = Enumerable.Range(0, (int)(DiskBytes / ClusterBytes)).ToArray();
        new Random(Seed).Shuffle(clusters);
        await RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, $"{DiskBytes}"], input: []);
        await WriteAsync(disk, clusters[..(Changed * 5 / 8)], pattern: 1);
        await RunAsync("qemu-img", ["snapshot", "-c", "A", disk], input: []);
        await WriteAsync(disk, clusters[(Changed / 8)..(Changed * 9 / 8)], pattern: 2);
        await RunAsync("qemu-img", ["snapshot", "-c", "B", disk], input: []);
    }

    private static Task<string> WriteAsync(string disk, int[] clusters, int pattern) =>
        RunAsync("qemu-io", ["-f", "qcow2", disk], clusters.Select(cluster => $"write -q -P {pattern} {(long)cluster * ClusterBytes} 4k"));

    private static async Task<int> MeasureAsync(string folder, string disk, int rounds)
    {
        var ours = Find(disk);
        List<double> times = [];
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            Find(disk);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        var (a, b) = (Path.Join(folder, "A.raw"), Path.Join(folder, "B.raw"));
        var beganTheirs = Stopwatch.GetTimestamp();
        await RunAsync("qemu-img", ["convert", "-f", "qcow2", "-l", "snapshot.name=A", "-O", "raw", disk, a], input: []);
        await RunAsync("qemu-img", ["convert", "-f", "qcow2", "-l", "snapshot.name=B", "-O", "raw", disk, b], input: []);
        var converting = Stopwatch.GetElapsedTime(beganTheirs).TotalMilliseconds;
        var theirs = await CompareBytesAsync(a, b);
        var all = Stopwatch.GetElapsedTime(beganTheirs).TotalMilliseconds;

        var isSame = ours.Ranges.SelectMany(ClustersOf).SequenceEqual(theirs);
        var (p50, p95) = (times.Percentile(50), times.Percentile(95));
        Console.WriteLine($"tables, file opened anew each time ({rounds} times)   p50 {p50:0.0} ms   p95 {p95:0.0} ms   longest {times.Max():0.0} ms   (100 ms asked for)");
        Console.WriteLine($"qemu-img convert, twice                           {converting:0} ms = {converting / p95:0} × our p95");
        Console.WriteLine($"the same and comparing bytes, without holes       {all:0} ms = {all / p95:0} × our p95   (50 × asked for)");
        Console.WriteLine($"found {ours.Clusters} clusters ({ours.Rewritten} rewritten, {ours.Allocated} allocated, {ours.Freed} freed) in {ours.Ranges.Count} ranges; the bytes say {(isSame ? "the same" : $"otherwise: {theirs.Count}")}");
        return isSame && ours.Clusters == Changed && p95 < 100 && converting > 50 * p95 ? 0 : 1;
    }

    private static Qcow2Difference Find(string disk)
    {
        using var image = Qcow2Image.Open(disk);
        return image.Compare(image.Snapshots[0], image.Snapshots[1], CancellationToken.None);
    }

    private static IEnumerable<long> ClustersOf(ByteRange range)
    {
        for (var offset = range.Offset; offset < range.Offset + range.Length; offset += ClusterBytes)
        {
            yield return offset / ClusterBytes;
        }
    }

    /// <summary>Reads what is no hole in one of the files at least.</summary>
    private static async Task<List<long>> CompareBytesAsync(string a, string b)
    {
        var clusters = new SortedSet<long>([.. await DataOfAsync(a), .. await DataOfAsync(b)]);
        using var fileA = File.OpenHandle(a);
        using var fileB = File.OpenHandle(b);
        var (pieceA, pieceB) = (new byte[ClusterBytes], new byte[ClusterBytes]);
        List<long> differing = [];
        foreach (var cluster in clusters)
        {
            RandomAccess.Read(fileA, pieceA, cluster * ClusterBytes);
            RandomAccess.Read(fileB, pieceB, cluster * ClusterBytes);
            if (!pieceA.AsSpan().SequenceEqual(pieceB))
            {
                differing.Add(cluster);
            }
        }

        return differing;
    }

    private static async Task<IEnumerable<long>> DataOfAsync(string raw)
    {
        using var map = JsonDocument.Parse(await RunAsync("qemu-img", ["map", "-f", "raw", "--output=json", raw], input: []));
        return [.. from extent in map.RootElement.EnumerateArray()
                   where extent.GetProperty("data").GetBoolean()
                   let begin = extent.GetProperty("start").GetInt64()
                   from cluster in ClustersOf(new ByteRange(begin / ClusterBytes * ClusterBytes, extent.GetProperty("length").GetInt64() + (begin % ClusterBytes)))
                   select cluster];
    }

    private static async Task<string> RunAsync(string program, string[] arguments, IEnumerable<string> input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var said = process.StandardOutput.ReadToEndAsync();
        foreach (var line in input)
        {
            await process.StandardInput.WriteLineAsync(line);
        }

        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}

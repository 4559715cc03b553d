using System.Text;
using LabNet.Core.GuestAgent;

namespace LabNet.Core.IoBenchmarks;

/// <summary>The programs that a benchmark runs in the guest. fio's options: fio(1).</summary>
internal static class FioCommand
{
    public const string LinuxAio = "libaio";

    /// <summary>One request at a time is all that it can do, which is what most profiles want.</summary>
    public const string Synchronous = "psync";

    /// <summary>Large enough that a guest's device cannot keep it, small enough for the guest's disk and for laying it out under TCG.</summary>
    private const int FileMiB = 64;

    public const long FileBytes = FileMiB * 1024L * 1024;

    private const string FilePrefix = "labnet-io-";

    /// <summary>
    /// Removes what a benchmark left behind whose guest or LabNet died, then runs what follows. There is one benchmark at a time: if the fio
    /// of that one still runs, it keeps its open file and ends by itself.
    /// </summary>
    private const string AfterTidyingUp = """rm -f -- "$1"/labnet-io-*; shift; exec "$@" """;

    /// <summary>
    /// Ends the fio of a run and removes its file. Both names come by standard input: on the command line the script would find and end
    /// itself.
    /// </summary>
    private const string EndScript = """
        read -r name; read -r file
        printf '%s\n' "$name" | grep -l -s -F -f - /proc/[0-9]*/cmdline | while IFS=/ read -r _ _ pid _; do kill "$pid"; done
        [ -z "$file" ] || rm -f -- "$file"
        """;

    /// <summary>The name of a run's scratch file and of its fio.</summary>
    public static string NameOf(string id) => FilePrefix + id;

    /// <summary>Writes the scratch file, so that reading it finds data and writing it changes data.</summary>
    public static GuestProgram LayOut(string id, string folder) => new("/bin/sh",
    [
        "-c", AfterTidyingUp, "sh", folder,
        "fio", $"--name={NameOf(id)}", $"--filename={FileIn(folder, id)}", $"--size={FileMiB}M", "--rw=write", "--bs=1M", "--overwrite=1",
        "--create_only=1", "--thread", "--eta=never", "--output-format=json",
    ]);

    /// <summary>Writes a whole disk once.</summary>
    public static GuestProgram Fill(string id, string device) => new("fio",
    [
        $"--name={NameOf(id)}", $"--filename={device}", "--rw=write", "--bs=1M", "--direct=1", "--thread", "--eta=never", "--output-format=json",
    ]);

    /// <summary>One repeat.</summary>
    /// <param name="path">The scratch file or the disk.</param>
    public static GuestProgram Measure(string id, IoProfile profile, IoTarget target, string path, string engine, int seconds) => new("fio",
    [
        $"--name={NameOf(id)}",
        $"--filename={path}",
        .. target == IoTarget.File ? (string[])[$"--size={FileMiB}M"] : [],
        .. RwOf(profile.Access),
        $"--bs={profile.BlockBytes}",
        $"--iodepth={profile.Depth}",
        $"--ioengine={engine}",
        "--direct=1",
        profile.Writes ? "--overwrite=1" : "--readonly",
        "--time_based",
        $"--runtime={seconds}",
        "--randrepeat=0",
        "--norandommap",
        "--thread",
        "--lat_percentiles=1",
        "--clat_percentiles=0",
        "--percentile_list=50:95:99:99.9",
        "--eta=never",
        "--output-format=json",
    ]);

    public static GuestProgram ListEngines() => new("fio", ["--enghelp"]);

    /// <summary>Whether fio's list of engines has this one, on a line of its own.</summary>
    public static bool HasEngine(string list, string engine) => list.Split('\n').Any(line => line.Trim() == engine);

    /// <param name="file">Null if there is none to remove.</param>
    public static GuestProgram End(string id, string? file) => new("/bin/sh", ["-c", EndScript], Encoding.UTF8.GetBytes($"{NameOf(id)}\n{file}\n"));

    public static string FileIn(string folder, string id) => $"{folder.TrimEnd('/')}/{NameOf(id)}";

    private static string[] RwOf(IoAccess access) => access switch
    {
        IoAccess.RandomRead => ["--rw=randread"],
        IoAccess.RandomWrite => ["--rw=randwrite"],
        IoAccess.SequentialRead => ["--rw=read"],
        IoAccess.SequentialWrite => ["--rw=write"],
        IoAccess.Mixed => ["--rw=randrw", "--rwmixread=70"],
        _ => throw new ArgumentOutOfRangeException(nameof(access), access, message: null),
    };
}

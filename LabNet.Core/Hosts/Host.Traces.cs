using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

/// <summary>
/// The files that QEMU writes its trace events to. They lie on a tmpfs of the VM's own, which infra/lab makes: QEMU waits for no reader, and
/// what nobody reads fills no disk and no more memory than that.
/// </summary>
public sealed partial class Host
{
    private const long LogBytesMax = 16L << 20;

    /// <summary>So many logs fit into the tmpfs: QEMU writes on while the one before is read to its end.</summary>
    private const int LogsAtOnce = 4;

    private const string LogPrefix = "log.";
    private const string CounterName = "trace.number";

    /// <returns>Why a VM's trace events have no place to go to; null if they have.</returns>
    public static string? WhyNoTraces(VmPaths paths) => WhyNoTmpfs(paths.TraceFolder);

    private static string? WhyNoTmpfs(string folder)
    {
        const int MountPoint = 4, TypeBehindDash = 1;
        foreach (var words in File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')))
        {
            // proc(5): a space in a path stands as \040.
            if (words[MountPoint].Replace(@"\040", " ", StringComparison.Ordinal) == folder)
            {
                return words[Array.IndexOf(words, "-") + TypeBehindDash] == "tmpfs" ? null : $"{folder} is no tmpfs";
            }
        }

        return $"nothing is mounted at {folder}; ./infra/lab up makes it";
    }

    /// <summary>The numbers of the logs that are there, oldest first.</summary>
    public static IReadOnlyList<long> ReadTraceLogs(VmPaths paths)
    {
        if (!Directory.Exists(paths.TraceFolder))
        {
            return [];
        }

        var numbers = new List<long>();
        foreach (var file in Directory.EnumerateFiles(paths.TraceFolder, LogPrefix + "*"))
        {
            if (long.TryParse(Path.GetFileName(file.AsSpan())[LogPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers;
    }

    /// <summary>A number that no log of the VM ever had, also before its tmpfs was made anew: what was read is known by it.</summary>
    /// <exception cref="IOException"/>
    public static long TakeTraceLogNumber(VmPaths paths)
    {
        var counter = Path.Join(paths.Folder, CounterName);
        var last = File.Exists(counter) && long.TryParse(File.ReadAllText(counter), NumberStyles.None, CultureInfo.InvariantCulture, out var noted) ? noted : 0;
        var next = Math.Max(last, ReadTraceLogs(paths) is [.., var newest] ? newest : 0) + 1;
        var making = counter + ".new";
        File.WriteAllText(making, next.ToString(CultureInfo.InvariantCulture));
        File.Move(making, counter, overwrite: true);
        return next;
    }

    /// <summary>Opens a log for reading while QEMU writes it.</summary>
    /// <returns>Null if it is not there.</returns>
    public static FileStream? OpenTraceLog(VmPaths paths, long number)
    {
        try
        {
            return new FileStream(paths.TraceLog(number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether a process of this user, or any where LabNet is root, has a file open.</summary>
    public static bool HasOpen(QemuProcess process, string path)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process.Pid}/fd").Any(descriptor => File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName == path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process is gone, or closed the file meanwhile.
            return false;
        }
    }

    /// <summary>Removes a log that was read to its end.</summary>
    public static void RemoveTraceLog(VmPaths paths, long number) => File.Delete(paths.TraceLog(number));

    /// <summary>At this size a log is left for a new one.</summary>
    public static long TraceLogBytes(VmPaths paths) => Math.Min(LogBytesMax, new DriveInfo(paths.TraceFolder).TotalSize / LogsAtOnce);

    /// <summary>Whether the tmpfs is so full that QEMU drops what it traces.</summary>
    public static bool IsTraceFolderFull(VmPaths paths) => new DriveInfo(paths.TraceFolder).AvailableFreeSpace < Environment.SystemPageSize;
}

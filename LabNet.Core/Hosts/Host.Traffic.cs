using System.Runtime.InteropServices;
using LabNet.Core.Labs;
using Microsoft.Win32.SafeHandles;

namespace LabNet.Core.Hosts;

/// <summary>How far a growing file is.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="WrittenNs">When something was written last, by the kernel's clock: UTC nanoseconds since 1970.</param>
public readonly record struct FileGlance(long Bytes, long WrittenNs);

/// <summary>The files that QEMU writes packets to: on a tmpfs of the VM's own, as its trace events.</summary>
public sealed partial class Host
{
    private const int KeepSize = 0x01;
    private const int PunchHole = 0x02;

    /// <summary>QEMU gives a dump up when one record does not fit; the largest has 64 KiB.</summary>
    private const long NearlyFullBytes = 256 << 10;

    /// <returns>Why a VM's packets have no place to go to; null if they have.</returns>
    public static string? WhyNoTraffic(VmPaths paths) => WhyNoTmpfs(paths.TrafficFolder);

    /// <summary>One look: length and time belong together.</summary>
    /// <returns>Null if there is no such file.</returns>
    public static FileGlance? Glimpse(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileGlance(file.Length, (file.LastWriteTimeUtc.Ticks - DateTime.UnixEpoch.Ticks) * 100) : null;
    }

    /// <summary>Gives the memory of a file's begin back, while another process writes on at its end: its length and all offsets stay.</summary>
    /// <param name="toOffset">Up to here; whole pages go.</param>
    /// <returns>False where the file system cannot.</returns>
    public static bool FreeBegin(SafeFileHandle file, long toOffset) => FileAllocate(file, PunchHole | KeepSize, 0, toOffset) == 0;

    /// <summary>Whether so little is left of a VM's place for packets that QEMU may have given up writing.</summary>
    public static bool IsTrafficFolderFull(VmPaths paths) => new DriveInfo(paths.TrafficFolder).AvailableFreeSpace < NearlyFullBytes;

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FileAllocate(SafeFileHandle file, int mode, long offset, long length);
}

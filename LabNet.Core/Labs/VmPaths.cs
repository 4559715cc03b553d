using System.Text;

namespace LabNet.Core.Labs;

/// <summary>
/// A VM's own folder and the files in it. The folder is one VM's alone: QEMU binds a socket's path anew even while another QEMU listens
/// there.
/// </summary>
public sealed record VmPaths
{
    /// <summary>sun_path of sockaddr_un has 108 bytes with the closing zero byte; a longer path is refused by QEMU at its start.</summary>
    public const int SocketPathBytesMax = 107;

    private VmPaths(string folder) => Folder = folder;

    /// <summary>Absolute.</summary>
    public string Folder { get; }

    /// <summary>QMP for commands.</summary>
    public string ControlSocket => Path.Join(Folder, "control.sock");

    /// <summary>QMP for sampling, so that a long command does not stop it.</summary>
    public string MetricsSocket => Path.Join(Folder, "metrics.sock");

    /// <summary>QMP for programs of the user's own.</summary>
    public string UserSocket => Path.Join(Folder, "user.sock");

    /// <summary>The guest agent's.</summary>
    public string AgentSocket => Path.Join(Folder, "agent.sock");

    /// <summary>The serial console. Whoever connects must read on: a client that does not freezes the guest.</summary>
    public string ConsoleSocket => Path.Join(Folder, "console.sock");

    /// <summary>Where QEMU listens for a debugger, while a fault needs that.</summary>
    public string GdbSocket => Path.Join(Folder, "gdb.sock");

    /// <summary>Where QEMU listens for the process that behaves for a custom PCI device.</summary>
    /// <param name="id">The device's qdev id.</param>
    /// <exception cref="PathTooLongException">The path has more than <see cref="SocketPathBytesMax"/> bytes.</exception>
    public string DeviceSocket(string id)
    {
        var path = Path.Join(Folder, $"{id}.dev");
        return Encoding.UTF8.GetByteCount(path) <= SocketPathBytesMax
            ? path
            : throw new PathTooLongException($"The socket {path} would have a path of more than {SocketPathBytesMax} bytes. Choose a shorter id.");
    }

    /// <summary>The VM's overlay on its guest image.</summary>
    public string Disk => Path.Join(Folder, "disk.qcow2");

    /// <summary>A tmpfs of the VM's own, with the files that QEMU writes its trace events to.</summary>
    public string TraceFolder => Path.Join(Folder, "trace");

    /// <summary>A file of <see cref="TraceFolder"/>; QEMU begins another one when it is told to.</summary>
    /// <param name="number">From 1.</param>
    public string TraceLog(long number) => Path.Join(TraceFolder, $"log.{number:000000}");

    /// <summary>A tmpfs of the VM's own, with the files that QEMU writes its packets to.</summary>
    public string TrafficFolder => Path.Join(Folder, "traffic");

    /// <param name="folder">Absolute. It need not be there yet.</param>
    /// <exception cref="ArgumentException">The folder's path is relative.</exception>
    /// <exception cref="PathTooLongException">A socket in it would have a path over <see cref="SocketPathBytesMax"/> bytes.</exception>
    public static VmPaths In(string folder)
    {
        if (!Path.IsPathFullyQualified(folder))
        {
            throw new ArgumentException($"\"{folder}\" is relative; QEMU would look for it in its own working folder.", nameof(folder));
        }

        var paths = new VmPaths(Path.TrimEndingDirectorySeparator(folder));
        string[] sockets = [paths.ControlSocket, paths.MetricsSocket, paths.UserSocket, paths.AgentSocket, paths.ConsoleSocket];
        var longest = sockets.MaxBy(Encoding.UTF8.GetByteCount)!;
        var excess = Encoding.UTF8.GetByteCount(longest) - SocketPathBytesMax;
        if (excess > 0)
        {
            var limit = $"{excess} bytes too long for a UNIX socket ({SocketPathBytesMax} at most)";
            throw new PathTooLongException($"\"{longest}\" is {limit}; use a shorter folder for the lab.");
        }

        return paths;
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using LabNet.Core.Labs;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Hosts;

/// <summary>
/// The one door to a machine: its processes, sockets, files and network. Today it is this machine; a host of kind namespace differs only
/// in where its VXLAN socket lives, and infra/network.sh sees to that.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed partial class Host(HostSettings settings, TimeProvider time, ILogger<Host> logger)
{
    /// <summary>Enough for the reason of a failure, little enough for a page.</summary>
    private const int StderrTailBytes = 4096;
    private static readonly TimeSpan ExitNoteTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    public HostSettings Settings { get; } = settings;

    public VmPaths PathsOf(VmName vm) => VmPaths.In(Path.Join(Settings.StateFolder, "vms", vm.ToString()));

    /// <summary>Opens a UNIX socket.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public async ValueTask<Stream> OpenSocketAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Starts QEMU detached: it lives on when LabNet ends. Answers when the process is there, not when it speaks.</summary>
    /// <exception cref="HostException">It could not be started, or ended at once; the message has what it printed.</exception>
    public async Task<QemuProcess> StartQemuAsync(
        VmPaths paths, Architecture architecture, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        foreach (var socket in (string[])[paths.ControlSocket, paths.MetricsSocket, paths.UserSocket, paths.AgentSocket, paths.ConsoleSocket])
        {
            // A socket outlives its QEMU, and QEMU binds the path anew even while another one listens there.
            File.Delete(socket);
        }

        foreach (var note in (string[])["pid", "exit"])
        {
            File.Delete(Path.Join(paths.Folder, note));
        }

        var script = Path.Join(Settings.InfraFolder, "vm-run.sh");
        await RunAsync("setsid", ["--fork", "bash", script, paths.Folder, architecture.QemuBinary(), .. arguments], input: null, cancellationToken);
        while (true)
        {
            if (QemuProcess.ReadFrom(paths) is { } process)
            {
                LogStarted(process.Pid, paths.Folder);
                return process;
            }

            if (File.Exists(Path.Join(paths.Folder, "exit")))
            {
                throw new HostException($"{architecture.QemuBinary()} did not start: {(await ReadExitAsync(paths, cancellationToken)).StderrTail}");
            }

            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    /// <summary>What is known of the end of the VM's last QEMU. Call it when that process is gone.</summary>
    public async Task<QemuExit> ReadExitAsync(VmPaths paths, CancellationToken cancellationToken)
    {
        var note = Path.Join(paths.Folder, "exit");
        var started = time.GetTimestamp();

        // The note is written after QEMU's last words were; nobody writes it if vm-run.sh itself was killed.
        while (!File.Exists(note) && time.GetElapsedTime(started) < ExitNoteTimeout)
        {
            await Task.Delay(Glance, time, cancellationToken);
        }

        return ReadExit(paths);
    }

    /// <summary>The same, as it is known by now.</summary>
    public static QemuExit ReadExit(VmPaths paths)
    {
        var note = new FileInfo(Path.Join(paths.Folder, "exit"));
        int? status = note.Exists && int.TryParse(File.ReadAllText(note.FullName), out var number) ? number : null;
        return new QemuExit(
            status, Tail(Path.Join(paths.Folder, "stderr")) + Tail(Path.Join(paths.Folder, "stderr.last")), note.Exists ? new DateTimeOffset(note.LastWriteTimeUtc) : null);
    }

    /// <summary>Waits for the process to end.</summary>
    /// <param name="patience">Zero only looks.</param>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> WaitForEndAsync(QemuProcess process, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (process.IsAlive)
        {
            if (time.GetElapsedTime(started) >= patience)
            {
                return false;
            }

            await Task.Delay(Glance, time, cancellationToken);
        }

        return true;
    }

    private static string Tail(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            file.Position = Math.Max(0, file.Length - StderrTailBytes);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd().TrimEnd();
        }
        catch (FileNotFoundException)
        {
            return "";
        }
    }

    /// <summary>Runs a program to its end; its standard output.</summary>
    /// <exception cref="HostException">It is not installed, or ended with another status than 0.</exception>
    private static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken)
    {
        var result = await RunToEndAsync(program, arguments, input, cancellationToken);
        return result.Status == 0
            ? result.Output
            : throw new HostException($"{program} failed with exit status {result.Status}: {result.Errors.Trim()}");
    }

    private static async Task<(int Status, string Output, string Errors)> RunToEndAsync(
        string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HostException($"{start.FileName} cannot be run: {e.Message}. ./infra/lab doctor tells which packages are missing.", e);
        }
    }

    [LoggerMessage(1101, LogLevel.Information, "QEMU started as process {Pid} in {Folder}")]
    private partial void LogStarted(int pid, string folder);
}

using System.Diagnostics;
using System.Net.Sockets;

namespace LabNet.Bench;

/// <summary>A QEMU without a machine, so that nothing but its main loop and its monitors run.</summary>
internal sealed class BenchQemu : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Process _process;

    private BenchQemu(string folder, Process process)
    {
        _folder = folder;
        _process = process;
    }

    /// <param name="monitors">Each connection needs its own: a monitor serves one client.</param>
    public static BenchQemu Start(int monitors)
    {
        var folder = Directory.CreateTempSubdirectory("labnet-bench-").FullName;
        List<string> arguments = ["-machine", "none", "-nodefaults", "-display", "none", "-S"];
        for (var i = 0; i < monitors; i++)
        {
            arguments.AddRange(["-qmp", $"unix:{SocketIn(folder, i)},server=on,wait=off"]);
        }

        return new BenchQemu(folder, Process.Start(new ProcessStartInfo("qemu-system-x86_64", arguments))!);
    }

    public async Task<Socket> ConnectAsync(int monitor)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketIn(_folder, monitor)));
                return socket;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                socket.Dispose();
                await Task.Delay(20);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string SocketIn(string folder, int monitor) => Path.Join(folder, $"qmp{monitor}");
}

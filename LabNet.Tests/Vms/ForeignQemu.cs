using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace LabNet.Tests.Vms;

/// <summary>A real QEMU that the test starts, as somebody else would; its guest stands still until it is told to run.</summary>
internal sealed class ForeignQemu : IAsyncDisposable
{
    private readonly Process _process;

    private ForeignQemu(Process process) => _process = process;

    public bool IsAlive => !_process.HasExited;

    /// <param name="arguments">With at least one QMP monitor.</param>
    public static ForeignQemu Start(params string[] arguments)
    {
        // timeout ends QEMU also when the test run itself is killed.
        string[] all =
        [
            "--foreground", "--kill-after=5", "120", "qemu-system-x86_64", "-S", "-machine", "q35", "-accel", "tcg", "-m", "64M", "-smp", "2", "-nodefaults",
            "-display", "none", .. arguments,
        ];
        return new ForeignQemu(Process.Start(new ProcessStartInfo("timeout", all))!);
    }

    /// <summary>A TCP port of loopback that was free just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}

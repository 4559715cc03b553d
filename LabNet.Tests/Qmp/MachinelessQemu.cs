using System.Diagnostics;
using System.Net.Sockets;

namespace LabNet.Tests.Qmp;

/// <summary>A real QEMU without a machine. It connects to the test's own sockets, so that nobody has to guess when it is ready.</summary>
internal sealed class MachinelessQemu : IAsyncDisposable
{
    private readonly TestFolder _folder;
    private readonly Process _process;

    private MachinelessQemu(TestFolder folder, Process process, IReadOnlyList<Stream> monitors)
    {
        _folder = folder;
        _process = process;
        Monitors = monitors;
    }

    /// <summary>Not negotiated yet.</summary>
    public IReadOnlyList<Stream> Monitors { get; }

    public static async Task<MachinelessQemu> StartAsync(int monitors, params string[] arguments)
    {
        var folder = new TestFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.File("qmp")));
        listener.Listen();
        List<string> all = ["--kill-after=5", "300", "qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S", .. arguments];
        for (var i = 0; i < monitors; i++)
        {
            all.AddRange(["-chardev", $"socket,id=m{i},path={folder.File("qmp")}", "-mon", $"chardev=m{i},mode=control"]);
        }

        // timeout ends QEMU also when the test run itself is killed.
        var process = Process.Start(new ProcessStartInfo("timeout", all))!;
        List<Stream> streams = [];
        for (var i = 0; i < monitors; i++)
        {
            streams.Add(new NetworkStream(await listener.AcceptAsync(TestContext.Current.CancellationToken), ownsSocket: true));
        }

        return new MachinelessQemu(folder, process, streams);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}

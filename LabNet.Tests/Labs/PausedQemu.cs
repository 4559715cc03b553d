using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace LabNet.Tests.Labs;

/// <summary>
/// A QEMU that has built its machine and runs no guest. It connects to the test's own socket as a further QMP monitor, so that the test
/// needs not guess when it is ready.
/// </summary>
internal sealed class PausedQemu : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Socket _connection;
    private readonly StreamReader _reader;

    private PausedQemu(Process process, Socket connection)
    {
        _process = process;
        _connection = connection;
        _reader = new StreamReader(new NetworkStream(connection), Encoding.UTF8);
    }

    public JsonNode? Greeting { get; private set; }

    public static async Task<PausedQemu> StartAsync(string binary, IEnumerable<string> arguments, string folder, CancellationToken cancel)
    {
        var monitor = Path.Combine(folder, "test.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(monitor));
        listener.Listen();

        // timeout ends QEMU also when the test run itself is killed.
        var start = new ProcessStartInfo("timeout") { RedirectStandardError = true, UseShellExecute = false };
        string[] added = ["-S", "-chardev", $"socket,id=test,path={monitor}", "-mon", "chardev=test,mode=control"];
        foreach (var argument in (string[])["--kill-after=5", "60", binary, .. arguments, .. added])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        try
        {
            var accepted = listener.AcceptAsync(cancel).AsTask();
            if (await Task.WhenAny(accepted, process.WaitForExitAsync(cancel)) != accepted)
            {
                throw new InvalidOperationException("QEMU refused: " + await process.StandardError.ReadToEndAsync(cancel));
            }

            var qemu = new PausedQemu(process, await accepted);
            qemu.Greeting = await qemu.ReadAsync(cancel);
            await qemu.ExecuteAsync("qmp_capabilities", cancel);
            return qemu;
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    /// <returns>The command's return value; events are passed over.</returns>
    public async Task<JsonNode?> ExecuteAsync(string command, CancellationToken cancel)
    {
        await _connection.SendAsync(Encoding.UTF8.GetBytes($$"""{"execute":"{{command}}"}""" + "\n"), cancel);
        while (true)
        {
            var message = (await ReadAsync(cancel)).AsObject();
            if (message.TryGetPropertyValue("return", out var value))
            {
                return value;
            }

            if (message.ContainsKey("error"))
            {
                throw new InvalidOperationException(message.ToJsonString());
            }
        }
    }

    /// <returns>What QEMU wrote to its standard error, after it ended by itself.</returns>
    public async Task<string> QuitAsync(CancellationToken cancel)
    {
        await ExecuteAsync("quit", cancel);
        var said = await _process.StandardError.ReadToEndAsync(cancel);
        await _process.WaitForExitAsync(cancel);
        return said;
    }

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _connection.Dispose();
        await EndAsync(_process);
    }

    private async Task<JsonNode> ReadAsync(CancellationToken cancel)
    {
        if (await _reader.ReadLineAsync(cancel) is { } line)
        {
            return JsonNode.Parse(line)!;
        }

        throw new InvalidOperationException("QEMU ended: " + await _process.StandardError.ReadToEndAsync(cancel));
    }

    private static async Task EndAsync(Process process)
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace LabNet.Tests.Newcomer;

/// <summary>infra/lab as a user calls it, with a state folder and a port of the test's own. At the end the lab is taken down.</summary>
internal sealed class LabCommand : IAsyncDisposable
{
    // Short: a VM's sockets lie below it, and a UNIX socket's path has 107 bytes at most.
    private readonly string _state = Directory.CreateTempSubdirectory("ln-").FullName;

    public LabCommand(string labFile)
    {
        LabFile = Path.Join(_state, "lab.yaml");
        File.WriteAllText(LabFile, labFile);
        Port = FreePort();
    }

    public string LabFile { get; }

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>The state folder of the lab that is up.</summary>
    public string State => Directory.ResolveLinkTarget(Path.Join(_state, "current"), returnFinalTarget: true)!.FullName;

    public async Task<(int Status, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Join(Repository.Root, "infra", "lab"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LABNET_STATE"] = _state },
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var cancellation = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, await output, await errors);
    }

    public Task<(int Status, string Output, string Errors)> UpAsync() => RunAsync("up", LabFile, "--port", $"{Port}");

    /// <summary>Output of a command that has to succeed.</summary>
    public async Task<string> OutputAsync(params string[] arguments)
    {
        var (status, output, errors) = await RunAsync(arguments);
        Assert.True(status == 0, $"lab {string.Join(' ', arguments)} ended with {status}: {errors}");
        return output;
    }

    public async Task<JsonElement> StatusAsync() => JsonDocument.Parse(await OutputAsync("status", "--json")).RootElement;

    /// <summary>SIGKILL to LabNet.Web alone.</summary>
    public void KillLabNet()
    {
        var pid = int.Parse(File.ReadAllText(Path.Join(State, "labnet.pid")).Split(' ')[0]);
        using var process = Process.GetProcessById(pid);
        process.Kill();
        process.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("down", "--purge");
        Directory.Delete(_state, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

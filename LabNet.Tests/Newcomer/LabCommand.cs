using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
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

    /// <summary>Where everything of the lab lies.</summary>
    public string StateRoot => _state;

    /// <summary>Given to up as a user does who stands in its folder.</summary>
    public string LabFile { get; }

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>The state folder of the lab that is up.</summary>
    public string State => Directory.ResolveLinkTarget(Path.Join(_state, "current"), returnFinalTarget: true)!.FullName;

    public async Task<(int Status, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = StartLab(arguments);
        var cancellation = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Runs <c>up</c> until it says a line that begins so.</summary>
    /// <returns>Its exit code, when it ends.</returns>
    public async Task<Task<int>> UpUntilItSaysAsync(string line)
    {
        var process = StartLab("up", Path.GetFileName(LabFile), "--port", $"{Port}");
        var cancellation = TestContext.Current.CancellationToken;
        while (await process.StandardError.ReadLineAsync(cancellation) is { } said && !said.StartsWith(line, StringComparison.Ordinal))
        {
        }

        return EndAsync();

        async Task<int> EndAsync()
        {
            using (process)
            {
                await process.StandardError.ReadToEndAsync(cancellation);
                await process.WaitForExitAsync(cancellation);
                return process.ExitCode;
            }
        }
    }

    public Task<(int Status, string Output, string Errors)> UpAsync(params string[] options) =>
        RunAsync(["up", Path.GetFileName(LabFile), "--port", $"{Port}", .. options]);

    /// <summary>What the API has kept of a VM's console.</summary>
    public async Task<string> ConsoleLogAsync(string vm)
    {
        using var client = await OpenApiAsync();
        return await client.GetStringAsync(new Uri(Url, $"/api/v1/vms/{vm}/console/log"));
    }

    public async Task SwitchTraceEventsAsync(string vm, string pattern)
    {
        using var client = await OpenApiAsync();
        var answer = await client.PutAsJsonAsync(new Uri(Url, $"/api/v1/vms/{vm}/trace-events"), new[] { new { pattern, enabled = true } });
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>How many of a VM's stored trace events a filter lets through; 100 at most.</returns>
    public async Task<int> CountTraceEventsAsync(string vm, string filter)
    {
        using var client = await OpenApiAsync();
        var page = await client.GetFromJsonAsync<JsonElement>(new Uri(Url, $"/api/v1/trace?vm={vm}&limit=100&filter={Uri.EscapeDataString(filter)}"));
        return page.GetProperty("items").GetArrayLength();
    }

    /// <summary>Output of a command that has to succeed.</summary>
    public async Task<string> OutputAsync(params string[] arguments)
    {
        var (status, output, errors) = await RunAsync(arguments);
        Assert.True(status == 0, $"lab {string.Join(' ', arguments)} ended with {status}: {errors}");
        return output;
    }

    public async Task<JsonElement> StatusAsync() => JsonDocument.Parse(await OutputAsync("status", "--json")).RootElement;

    /// <summary><c>lab console</c> in a terminal, which script(1) makes: types lines, waits for a text, leaves by Ctrl-].</summary>
    /// <returns>What the terminal showed until then.</returns>
    public async Task<string> TypeOnConsoleAsync(string vm, string first, string second, string awaited)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var process = Start("script", "--quiet", "--command", $"{Path.Join(Repository.Root, "infra", "lab")} console {vm}", "/dev/null");
        var shown = new System.Text.StringBuilder();
        await ReadUntilAsync("root@");
        await process.StandardInput.WriteAsync($"{first}\r{second}\r");
        await process.StandardInput.FlushAsync(cancellation);
        await ReadUntilAsync(awaited);
        await process.StandardInput.WriteAsync("\u001d");
        await process.StandardInput.FlushAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        Assert.Equal(0, process.ExitCode);
        return shown.ToString();

        async Task ReadUntilAsync(string text)
        {
            var buffer = new char[4096];
            while (!shown.ToString().Contains(text, StringComparison.Ordinal))
            {
                var read = await process.StandardOutput.ReadAsync(buffer, cancellation);
                Assert.True(read > 0, $"The console ended: {shown}");
                shown.Append(buffer, 0, read);
            }
        }
    }

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

    private async Task<HttpClient> OpenApiAsync()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(Path.Join(State, "admin-token"))).Trim());
        return client;
    }

    private Process StartLab(params string[] arguments)
    {
        var process = Start(Path.Join(Repository.Root, "infra", "lab"), arguments);
        process.StandardInput.Close();
        return process;
    }

    private Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = _state,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LABNET_STATE"] = _state },
        };
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace LabNet.Tests.Pci;

/// <summary>The distribution's QEMU with our devices, under the test's control: memory and ports by qtest, the rest by QMP.</summary>
internal sealed class QtestQemu : IAsyncDisposable
{
    private const int AnswerMs = 20_000;

    private readonly TestFolder _folder;
    private readonly Process _process;
    private readonly NetworkStream _qmp;
    private readonly StreamReader _qmpReader;
    private readonly Task<string> _said;

    private QtestQemu(TestFolder folder, Process process, Socket qtest, Socket qmp)
    {
        _folder = folder;
        _process = process;
        _said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        Qtest = new QtestClient(qtest);
        qmp.ReceiveTimeout = AnswerMs;
        _qmp = new NetworkStream(qmp, ownsSocket: true);
        _qmpReader = new StreamReader(_qmp, Encoding.UTF8);
        _qmpReader.ReadLine();
        Execute("qmp_capabilities");
    }

    public QtestClient Qtest { get; }

    /// <exception cref="InvalidOperationException">QEMU ended; the message is its last words.</exception>
    public static async Task<QtestQemu> StartAsync(PciMachine machine, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var build = await PciDevices.BuildAsync(cancel);
        var folder = new TestFolder();
        using var qtest = Listen(folder.File("qtest"));
        using var qmp = Listen(folder.File("qmp"));
        var process = Start(machine, build, ["-qtest", $"unix:{folder.File("qtest")}", "-qtest-log", "none", "-qmp", $"unix:{folder.File("qmp")}", .. arguments]);
        try
        {
            var connected = Task.WhenAll(qtest.AcceptAsync(cancel).AsTask(), qmp.AcceptAsync(cancel).AsTask());
            if (await Task.WhenAny(connected, process.WaitForExitAsync(cancel)) != connected)
            {
                throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(cancel));
            }

            return new QtestQemu(folder, process, (await connected)[0], (await connected)[1]);
        }
        catch
        {
            await EndAsync(process);
            folder.Dispose();
            throw;
        }
    }

    /// <returns>What QEMU says when it does not start.</returns>
    public static async Task<string> RefusedAsync(PciMachine machine, string plugin, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        using var process = Start(machine, await PciDevices.BuildAsync(cancel) with { Plugin = plugin }, arguments);
        var said = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.NotEqual(0, process.ExitCode);
        return said;
    }

    /// <returns>What QEMU returned; events are passed over.</returns>
    /// <exception cref="QmpRefusedException">QEMU's error.</exception>
    public JsonNode? Execute(string command, JsonObject? arguments = null)
    {
        var request = new JsonObject { ["execute"] = command, ["arguments"] = arguments ?? [] };
        _qmp.Write(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
        while (true)
        {
            var line = _qmpReader.ReadLine() ?? throw new EndOfStreamException($"QEMU ended at {command}.");
            var answer = JsonNode.Parse(line)!.AsObject();
            if (answer.TryGetPropertyValue("return", out var value))
            {
                return value;
            }

            if (answer["error"] is { } error)
            {
                throw new QmpRefusedException((string)error["desc"]!);
            }
        }
    }

    /// <summary>The human monitor's commands say nothing when they succeed.</summary>
    public void Human(string command) => Assert.Equal("", (string)Execute("human-monitor-command", new JsonObject { ["command-line"] = command })!);

    public void Plug(JsonObject device) => Execute("device_add", device);

    public void Unplug(string id) => Execute("device_del", new JsonObject { ["id"] = id });

    public bool Has(string id) => Execute("qom-list", new JsonObject { ["path"] = "/machine/peripheral" })!.AsArray().Any(child => (string)child!["name"]! == id);

    /// <summary>QEMU is there and well: it answers, and it did not stop the machine.</summary>
    public void AssertAlive()
    {
        Assert.Equal("running", (string)Execute("query-status")!["status"]!);
        Assert.False(_process.HasExited);
    }

    /// <returns>What QEMU wrote to its standard error.</returns>
    public async Task<string> QuitAsync()
    {
        Execute("quit");
        await _process.WaitForExitAsync(CancellationToken.None);
        return await _said;
    }

    public async ValueTask DisposeAsync()
    {
        Qtest.Dispose();
        _qmpReader.Dispose();
        await _qmp.DisposeAsync();
        await EndAsync(_process);
        _folder.Dispose();
    }

    private static Socket Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        return listener;
    }

    private static Process Start(PciMachine machine, PciDevices build, IReadOnlyList<string> arguments)
    {
        // timeout ends QEMU also when the test run itself is killed.
        var start = new ProcessStartInfo("timeout") { RedirectStandardError = true, UseShellExecute = false };
        start.Environment["QEMU_MODULE_DIR"] = build.Modules;
        string[] all =
        [
            "--kill-after=5", LongForm.Rounds(120).ToString(System.Globalization.CultureInfo.InvariantCulture), $"qemu-system-{machine.Architecture}", "-plugin", $"file={build.Plugin}",
            .. machine.Options, "-accel", "qtest", "-m", "128M", "-display", "none", "-nodefaults", .. arguments,
        ];
        foreach (var argument in all)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private static async Task EndAsync(Process process)
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }
}

/// <summary>QEMU answered a command with an error.</summary>
internal sealed class QmpRefusedException(string message) : Exception(message);

using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Playwright;

namespace LabNet.Bench;

/// <summary>
/// 20 MB of console output through LabNet into a browser. An emulated UART does not write that fast, so the guest is this program: it holds
/// the socket that LabNet takes for QEMU's, and LabNet takes this process for the QEMU that runs already.
/// </summary>
internal static class ConsoleFloodBench
{
    public const string Name = "console-flood";
    public const string Measures = "20 MB of console output into a browser's terminal, and what the page does meanwhile (from the repository's root)";

    private const int Port = 5098;
    private const int Bytes = 20_000_000;
    private const int PieceBytes = 40_000;
    private static readonly TimeSpan PiecePause = TimeSpan.FromMilliseconds(10);

    private const string LabFile = """
        name: flood
        hosts:
          here: { kind: namespace, address: 10.99.0.1 }
        vms:
          box: { host: here, arch: x86_64, image: debian }
        """;

    private const string WatchFrames = """
        () => {
          window.frames_ = [];
          let last = performance.now();
          const frame = now => { window.frames_.push(now - last); last = now; requestAnimationFrame(frame); };
          requestAnimationFrame(frame);
        }
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var app = Path.GetFullPath("artifacts/publish/LabNet.Web/release/LabNet.Web.dll");
        if (!File.Exists(app))
        {
            await Console.Error.WriteLineAsync("LabNet is not built here: dotnet publish LabNet.Web --configuration Release");
            return 2;
        }

        var state = Directory.CreateTempSubdirectory("lb-").FullName;
        using var socket = Listen(state);
        using var labNet = StartLabNet(app, state);
        try
        {
            using var console = await socket.AcceptAsync();
            await AnswersAsync();
            var token = (await File.ReadAllTextAsync(Path.Join(state, "admin-token"))).Trim();
            await using var browser = await BenchBrowser.LogInAsync(new Uri($"http://127.0.0.1:{Port}"), token);
            await browser.Page.GotoAsync("/vms/box/console");
            await browser.Page.GetByText("Connected ·").WaitForAsync();
            await browser.Page.EvaluateAsync(WatchFrames);
            for (var round = 1; round <= arguments.Rounds; round++)
            {
                await FloodAsync(console, browser.Page, round);
            }

            return 0;
        }
        finally
        {
            labNet.Kill();
            await labNet.WaitForExitAsync();
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task FloodAsync(Socket console, IPage page, int round)
    {
        var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, PieceBytes / 80).Select(i => $"\u001b[3{i % 8}m{i,6} the quick brown fox jumps over the lazy dog, again and again{"",6}\r\n")));
        await page.EvaluateAsync("() => { window.frames_.length = 0; }");
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < Bytes; sent += piece.Length)
        {
            await SendAsync(console, piece);
            await Task.Delay(PiecePause);
        }

        var fed = Stopwatch.GetElapsedTime(started);
        await SendAsync(console, Encoding.ASCII.GetBytes($"\r\nEND {round}\r\n"));
        await page.WaitForFunctionAsync("end => document.querySelector('.xterm-rows').textContent.includes(end)", $"END {round}");
        var shown = Stopwatch.GetElapsedTime(started);
        var frames = await page.EvaluateAsync<double[]>("() => window.frames_");
        var skipped = await page.EvaluateAsync<bool>("() => document.querySelector('.xterm-rows').textContent.includes('came faster')");
        Console.WriteLine(
            $"round {round}: fed in {fed.TotalSeconds:0.00} s, shown after {shown.TotalSeconds:0.00} s (at most 10 s asked for); frames p50 {frames.Percentile(50):0} ms, "
            + $"p95 {frames.Percentile(95):0} ms, longest {frames.Max():0} ms; {(skipped ? "some skipped at the end" : "nothing skipped in sight")}");
    }

    private static async Task AnswersAsync()
    {
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/healthz"));
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(PiecePause);
            }
        }
    }

    private static async Task SendAsync(Socket console, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await console.SendAsync(bytes)..];
        }
    }

    private static Socket Listen(string state)
    {
        var folder = Directory.CreateDirectory(Path.Join(state, "vms", "box")).FullName;
        var stat = File.ReadAllText("/proc/self/stat");
        const int StartTime = 19;
        var started = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[StartTime];
        File.WriteAllText(Path.Join(folder, "pid"), $"{Environment.ProcessId} {started} {File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}\n");
        File.WriteAllText(Path.Join(state, "lab.yaml"), LabFile);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Join(folder, "console.sock")));
        socket.Listen();
        return socket;
    }

    private static Process StartLabNet(string app, string state) => Process.Start(new ProcessStartInfo("dotnet", [app])
    {
        WorkingDirectory = Path.GetDirectoryName(app),
        RedirectStandardOutput = false,
        Environment =
        {
            ["LabNet__StateFolder"] = state,
            ["LabNet__LabFile"] = Path.Join(state, "lab.yaml"),
            ["LabNet__InfraFolder"] = Path.GetFullPath("infra"),
            ["LabNet__Urls"] = $"http://127.0.0.1:{Port}",
            ["Logging__LogLevel__Default"] = "Warning",
        },
    })!;
}

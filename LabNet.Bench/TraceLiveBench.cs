using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace LabNet.Bench;

/// <summary>
/// From a line in a VM's trace log to a row in a real browser: the benchmark writes 50,000 lines a second into a log of a VM's own as QEMU would, each
/// with the time in it, and the page compares the newest row with its clock whenever rows change.
/// </summary>
internal static class TraceLiveBench
{
    public const string Name = "trace-live";
    public const string Measures = "a trace event's way from the log to a row on a VM's page, at 50,000 events a second (--seconds; from the repository's root)";

    private const string Vm = "x86";
    private const int EventsPerSecond = 50_000;
    private const int WritesPerSecond = 200;
    private const long FirstLog = 900_000;

    /// <summary>As LabNet lets QEMU begin a new one.</summary>
    private const int LogBytes = 16 << 20;

    /// <summary>Milliseconds since the newest row's event was written.</summary>
    private const string Watch = """
        () => {
          window.ages = [];
          const rows = document.querySelector('[aria-labelledby=trace-live]');
          new MutationObserver(() => {
            const written = /sector\s*(\d{16})/.exec(rows.querySelector('tbody .arguments')?.textContent ?? '');
            if (written) window.ages.push(Date.now() - Number(written[1]) / 1000);
          }).observe(rows, { subtree: true, childList: true, characterData: true });
        }
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        await Task.Delay(TimeSpan.FromSeconds(20));
        await browser.Page.GotoAsync($"/vms/{Vm}/trace");
        var written = 0L;
        var seconds = Math.Max(arguments.Seconds, 5);
        var cpu = lab.ReadCpuTime();
        var writing = Task.Run(() => written = Write(number => lab.TraceLog(Vm, FirstLog + number), seconds + 3), CancellationToken.None);

        // The first rows come when LabNet has turned to this log.
        await browser.Page.Locator("tbody .arguments").First.WaitForAsync();
        await browser.Page.EvaluateAsync(Watch);
        await writing;

        var ages = await browser.Page.EvaluateAsync<double[]>("window.ages");
        Console.WriteLine($"{written / (seconds + 3):0} events a second; LabNet took {(lab.ReadCpuTime() - cpu).TotalSeconds / (seconds + 3):P0} of a core, the page included");
        Console.WriteLine($"from the log to the newest row on the page: p50 {ages.Percentile(50):0} ms   p95 {ages.Percentile(95):0} ms (250 asked for)   longest {ages.Max():0} ms   of {ages.Length} changes");
        return 0;
    }

    /// <returns>How many lines.</returns>
    private static long Write(Func<int, string> pathOf, double seconds)
    {
        var (began, lines, logs) = (Stopwatch.GetTimestamp(), 0L, 0);
        var text = new StringBuilder();
        var log = Open(pathOf(logs));
        try
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds is var elapsed && elapsed < seconds)
            {
                text.Clear();
                for (; lines < elapsed * EventsPerSecond; lines++)
                {
                    var us = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
                    text.Append(CultureInfo.InvariantCulture, $"4711@{us / 1_000_000}.{us % 1_000_000:000000}:virtio_blk_handle_read vdev 0x55e1e3ea67f0 req 0x55e1e3ab53d0 sector {us} nsectors 8\n");
                }

                log.Write(Encoding.ASCII.GetBytes(text.ToString()));
                if (log.Length > LogBytes)
                {
                    log.Dispose();
                    log = Open(pathOf(++logs));
                }

                Thread.Sleep(1000 / WritesPerSecond);
            }
        }
        finally
        {
            log.Dispose();
        }

        return lines;
    }

    private static FileStream Open(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}

using System.Globalization;
using Microsoft.Playwright;

namespace LabNet.Bench;

/// <summary>The Timeline page over a hundred million stored trace events, in a real browser that draws without a graphics card.</summary>
internal static class TimelineBench
{
    public const string Name = "timeline";
    public const string Measures = "the Timeline page over 100 million trace events: paint, frames, bins, memory (--rounds: millions, 100 if left out; from the repository's root)";

    private const string Lab = "timeline-bench";
    private const int Gestures = 40;
    private const int StepsOfGesture = 12;
    private const int FrameMs = 16;
    private const int Seed = 20_261_130;
    private const long NanosecondsPerMillisecond = 1_000_000;

    private const string LabFile = """
        name: timeline-bench
        hosts:
          ares: { kind: namespace, address: 10.99.7.1 }
        vms:
          bench: { host: ares, arch: x86_64, attach: { qmp: /run/nobody/qmp.sock } }
        """;

    private const string CountFrames = """
        () => {
          window.frames = [];
          let last = performance.now();
          const tick = now => { window.frames.push(now - last); last = now; requestAnimationFrame(tick); };
          requestAnimationFrame(tick);
        }
        """;

    /// <summary>Milliseconds until all of the view is drawn from the bins that suit it.</summary>
    private const string Settle = """
        () => new Promise(resolve => {
          const started = performance.now();
          const tick = () => document.querySelector('[data-part=board]').getAttribute('aria-busy') === 'false'
            ? resolve(performance.now() - started) : requestAnimationFrame(tick);
          requestAnimationFrame(() => requestAnimationFrame(tick));
        })
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        const int MillionsAtLeast = 10;
        var state = Directory.CreateTempSubdirectory("lb-").FullName;
        var events = (arguments.Rounds >= MillionsAtLeast ? arguments.Rounds : 100) * 1_000_000L;
        var (fromNs, toNs) = await FillAsync(Directory.CreateDirectory(Path.Join(state, Lab)).FullName, events);
        var labFile = Path.Join(state, "lab.yaml");
        await File.WriteAllTextAsync(labFile, LabFile);
        await using var lab = await BenchLab.UpInAsync(state, labFile);
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        await MeasurePaintAsync(browser.Page, Address(fromNs, toNs));
        await MeasureGesturesAsync(browser.Page);
        Console.WriteLine($"memory of the page: {await browser.ReadRenderersMBAsync():0} MB (300 MB asked for)");
        return 0;
    }

    private static async Task<(long FromNs, long ToNs)> FillAsync(string folder, long events)
    {
        await using var traces = new BenchTraces(folder);
        var range = await TraceQueryBench.FillAsync(traces, events);
        await traces.SettleAsync();
        var stored = traces.Store.ReadExtent();
        Console.WriteLine($"{stored.Events / 1e6:0} million events over {(range.ToNs - range.FromNs) / 1e9 / 60:0} minutes, files {traces.FileBytes / 1e6:0} MB; seed {Seed}");
        return range;
    }

    private static string Address(long fromNs, long toNs) =>
        string.Create(CultureInfo.InvariantCulture, $"/timeline?from={fromNs / NanosecondsPerMillisecond}&to={toNs / NanosecondsPerMillisecond}");

    private static async Task MeasurePaintAsync(IPage page, string address)
    {
        const int Times = 10;
        List<double> paints = [], whole = [];
        for (var time = 0; time < Times; time++)
        {
            await page.GotoAsync(address);
            await page.EvaluateAsync<double>(Settle);
            whole.Add(await page.EvaluateAsync<double>("() => performance.now()"));
            paints.Add(await page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0].startTime"));
        }

        Console.WriteLine($"first paint p50 {paints.Percentile(50):0} ms, p95 {paints.Percentile(95):0} ms (1,000 ms asked for); all bins there p50 {whole.Percentile(50):0} ms, p95 {whole.Percentile(95):0} ms");
    }

    /// <summary>In and out by the wheel, sideways by dragging, as a hand does it: an event of the mouse each frame.</summary>
    private static async Task MeasureGesturesAsync(IPage page)
    {
        var random = new Random(Seed);
        var stage = (await page.Locator("[data-part=stage]").BoundingBoxAsync())!;
        await page.EvaluateAsync(CountFrames);
        List<double> settled = [];
        for (var gesture = 0; gesture < Gestures; gesture++)
        {
            var x = stage.X + (float)(stage.Width * (0.2 + (0.6 * random.NextDouble())));
            var y = stage.Y + (stage.Height / 2);
            await page.Mouse.MoveAsync(x, y);
            await (gesture % 3 == 2 ? DragAsync(page, x, y) : TurnAsync(page, gesture % 12 < 6 ? -1 : 1));
            settled.Add(await page.EvaluateAsync<double>(Settle));
        }

        var frames = await page.EvaluateAsync<double[]>("() => window.frames");
        Console.WriteLine($"frames while zooming and panning: {frames.Length}, p50 {frames.Percentile(50):0.0} ms, p95 {frames.Percentile(95):0.0} ms (25 ms asked for), longest {frames.Max():0} ms");
        Console.WriteLine($"the right bins behind a gesture: of {settled.Count} p50 {settled.Percentile(50):0} ms, p95 {settled.Percentile(95):0} ms (200 ms asked for), longest {settled.Max():0} ms");
    }

    private static async Task TurnAsync(IPage page, int direction)
    {
        for (var step = 0; step < StepsOfGesture; step++)
        {
            await page.Mouse.WheelAsync(0, direction * 120);
            await Task.Delay(FrameMs);
        }
    }

    private static async Task DragAsync(IPage page, float x, float y)
    {
        await page.Mouse.DownAsync();
        for (var step = 1; step <= StepsOfGesture; step++)
        {
            await page.Mouse.MoveAsync(x - (step * 14), y);
            await Task.Delay(FrameMs);
        }

        await page.Mouse.UpAsync();
    }
}

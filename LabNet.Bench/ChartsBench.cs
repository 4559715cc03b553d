namespace LabNet.Bench;

/// <summary>The busiest page of charts in a real browser that draws without a graphics card, while its VM is measured ten times a second.</summary>
internal static class ChartsBench
{
    public const string Name = "charts";
    public const string Measures = "frames a second of a page with live charts, ten samples a second (from the repository's root)";

    /// <summary>Counts frames of the page, those in which the first chart was drawn, and what the main thread was busy with.</summary>
    private const string CountFrames = """
        seconds => new Promise(resolve => {
          const first = document.querySelector('.u-wrap canvas');
          let frames = 0, drawn = 0, long = 0, dirty = false, last = performance.now();
          const clear = CanvasRenderingContext2D.prototype.clearRect;
          CanvasRenderingContext2D.prototype.clearRect = function (...all) { dirty ||= this.canvas === first; return clear.apply(this, all); };
          const started = last;
          const tick = now => {
            frames++; drawn += dirty; dirty = false; long += now - last > 50; last = now;
            if (now - started < seconds * 1000) { requestAnimationFrame(tick); return; }
            CanvasRenderingContext2D.prototype.clearRect = clear;
            resolve([frames / seconds, drawn / seconds, long, document.querySelectorAll('[data-series]').length]);
          };
          requestAnimationFrame(tick);
        })
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        Console.WriteLine("page                       series   frames/s   of them drawn/s   frames over 50 ms   (at least 30 drawn/s asked for)");
        foreach (var path in (string[])["/vms/x86/cpu-memory", "/vms/x86/cpu-memory?range=1m", "/vms/x86/block?range=1m", "/vms/x86/network?range=1m"])
        {
            await browser.Page.GotoAsync(path);
            await browser.Page.Locator("[data-series]").First.WaitForAsync();
            await Task.Delay(TimeSpan.FromSeconds(5));
            var counted = await browser.Page.EvaluateAsync<double[]>(CountFrames, arguments.Seconds);
            Console.WriteLine($"{path,-28} {counted[3],4}   {counted[0],8:0.0}   {counted[1],15:0.0}   {counted[2],17:0}");
        }

        return 0;
    }
}

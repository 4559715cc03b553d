using System.Diagnostics;
using Microsoft.Playwright;

namespace LabNet.Bench;

/// <summary>
/// The dashboard on a lab of two emulated guests: what LabNet costs while nobody looks, how long a part of a VM's page takes from the click
/// to its first reading, and a key on the console from keydown to its glyph in the page.
/// </summary>
internal static class PagesBench
{
    public const string Name = "pages";
    public const string Measures = "LabNet idle, a VM's parts from click to reading, console keys to glyphs, on a lab of its own (from the repository's root)";

    private const int KeysEach = 100;
    private static readonly string[] Vms = ["x86", "arm"];
    private static readonly string[] Parts = ["CPU & Memory", "Devices", "Memory map", "Block", "Benchmark", "Network", "Interrupts", "Guest", "Console", "QMP", "General"];

    /// <summary>Nobody clicks away in the moment in which a part has come.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    /// <summary>Resolves with the milliseconds from the click to the moment at which every reading of the part has come, or its own sign.</summary>
    private const string ClickAndWait = """
        ([vm, part]) => new Promise(resolve => {
          const link = [...document.querySelectorAll('nav.tabs a')].find(a => a.textContent === part);
          const done = () => {
            if (document.querySelector('nav.tabs a[aria-current=page]')?.textContent !== part) return false;
            if (part === 'Console') return document.querySelector('.console .status')?.textContent.startsWith('Connected');
            if (part === 'Benchmark') return document.querySelector('#bench-disk option') !== null && !/Reads what was measured/.test(document.querySelector('.part').textContent);
            if (part === 'QMP') return /commands\. Type one/.test(document.querySelector('.book')?.textContent ?? '');
            const ages = [...document.querySelectorAll('.part .age')];
            return ages.length > 0 && ages.every(age => age.textContent.includes('read'));
          };
          const observer = new MutationObserver(() => { if (done()) { observer.disconnect(); resolve(performance.now() - started); } });
          observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
          const started = performance.now();
          link.click();
        })
        """;

    private const string WatchKeys = """
        () => {
          window.echoes = [];
          let pressed = 0;
          window.addEventListener('keydown', () => { pressed = performance.now(); }, true);
          new MutationObserver(() => { if (pressed) { window.echoes.push(performance.now() - pressed); pressed = 0; } })
            .observe(document.querySelector('.xterm-rows'), { subtree: true, childList: true, characterData: true });
        }
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync("--raw-qmp");
        await MeasureIdleAsync(lab, arguments);
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        await MeasurePartsAsync(browser.Page, arguments.Rounds);
        foreach (var vm in Vms)
        {
            await MeasureEchoAsync(browser.Page, vm);
        }

        return 0;
    }

    private static async Task MeasureIdleAsync(BenchLab lab, BenchArguments arguments)
    {
        await Task.Delay(Settling);
        for (var round = 1; round <= arguments.Rounds; round++)
        {
            var before = lab.ReadCpuTime();
            var started = Stopwatch.GetTimestamp();
            await Task.Delay(TimeSpan.FromSeconds(arguments.Seconds));
            var percent = 100 * ((lab.ReadCpuTime() - before) / Stopwatch.GetElapsedTime(started));
            Console.WriteLine($"idle, {arguments.Seconds:0} s: {percent:0.00} % of a core, {lab.ReadResidentMB():0} MB resident (at most 3 % and 200 MB asked for)");
        }
    }

    private static async Task MeasurePartsAsync(IPage page, int rounds)
    {
        var times = Parts.ToDictionary(part => part, _ => new List<double>());
        foreach (var vm in Vms)
        {
            await page.GotoAsync($"/vms/{vm}");
            await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
            for (var round = 0; round <= rounds; round++)
            {
                foreach (var part in Parts)
                {
                    await Task.Delay(Look);
                    var ms = await page.EvaluateAsync<double>(ClickAndWait, new[] { vm, part });
                    if (round > 0)
                    {
                        times[part].Add(ms);
                    }
                }
            }
        }

        foreach (var (part, list) in times)
        {
            Console.WriteLine($"{part,-14} p50 {list.Percentile(50),5:0} ms   p95 {list.Percentile(95),5:0} ms   of {list.Count}");
        }

        Console.WriteLine($"{"all parts",-14} p95 {times.Values.SelectMany(list => list).ToList().Percentile(95):0} ms (at most 300 ms asked for)");
    }

    private static async Task MeasureEchoAsync(IPage page, string vm)
    {
        await page.GotoAsync($"/vms/{vm}/console");
        await page.GetByText("Connected ·").WaitForAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = $"Console of {vm}", Exact = true }).FocusAsync();
        await page.EvaluateAsync(WatchKeys);
        for (var key = 1; key <= KeysEach; key++)
        {
            await page.Keyboard.PressAsync("x");
            await page.WaitForFunctionAsync("count => window.echoes.length >= count", key);
        }

        var echoes = await page.EvaluateAsync<double[]>("() => window.echoes");
        Console.WriteLine($"key to glyph, {vm}: p50 {echoes.Percentile(50):0} ms   p95 {echoes.Percentile(95):0} ms   of {echoes.Length} (at most 120 ms asked for)");
    }
}

using System.Threading.Channels;
using LabNet.Core.Qmp;
using Microsoft.Playwright;

namespace LabNet.Bench;

/// <summary>From an event's leaving QEMU, by QEMU's own time of it, to the moment at which a real browser's page shows the new run state.</summary>
internal static class EventBench
{
    public const string Name = "event-to-page";
    public const string Measures = "from a STOP or RESUME leaving QEMU to the text in a browser, 200 times a round (from the repository's root)";

    private const int EventsEach = 200;

    /// <summary>Not in step with anything of LabNet's.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(137);

    /// <summary>The time of each change of the VM's badge, in milliseconds since 1970.</summary>
    private const string WatchBadge = """
        () => {
          window.changes = [];
          const badge = () => document.querySelector('h1 ~ .badge, .badge')?.textContent.trim();
          let last = badge();
          new MutationObserver(() => {
            const now = badge();
            if (now !== last) { last = now; window.changes.push(performance.timeOrigin + performance.now()); }
          }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
          return last;
        }
        """;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        await using var lab = await BenchLab.UpAsync();
        await using var qmp = await lab.ConnectAsync("x86");
        var events = Channel.CreateUnbounded<QmpEvent>();
        qmp.Start(e => events.Writer.TryWrite(e));
        await using var browser = await BenchBrowser.LogInAsync(BenchLab.Address, lab.Token);
        var page = browser.Page;
        await page.GotoAsync("/vms/x86");
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await Task.Delay(TimeSpan.FromSeconds(10));
        Console.WriteLine($"The badge says \"{await page.EvaluateAsync<string>(WatchBadge)}\".");
        Console.WriteLine("round   p50 ms   p95 ms   largest ms   (at most 60 and 150 ms asked for)");
        for (var round = 1; round <= arguments.Rounds; round++)
        {
            var times = await MeasureAsync(page, qmp, events.Reader);
            Console.WriteLine($"{round,5}   {times.Percentile(50),6:0.0}   {times.Percentile(95),6:0.0}   {times.Max(),10:0.0}");
        }

        return 0;
    }

    private static async Task<List<double>> MeasureAsync(IPage page, QmpConnection qmp, ChannelReader<QmpEvent> events)
    {
        await page.EvaluateAsync("() => { window.changes = []; }");
        List<double> times = [];
        for (var number = 1; number <= EventsEach; number++)
        {
            await qmp.ExecuteAsync(number % 2 == 1 ? RunStateCommands.Stop : RunStateCommands.Cont, CancellationToken.None);
            var told = await events.ReadAsync();
            while (told.Name is not ("STOP" or "RESUME"))
            {
                told = await events.ReadAsync();
            }

            await page.WaitForFunctionAsync("count => window.changes.length >= count", number);
            var changed = await page.EvaluateAsync<double>("count => window.changes[count - 1]", number);
            times.Add(changed - (told.TimeNs!.Value / 1e6));
            await Task.Delay(Pause);
        }

        return times;
    }
}

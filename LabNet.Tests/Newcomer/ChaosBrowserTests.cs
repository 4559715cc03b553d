using System.Text.RegularExpressions;
using LabNet.Tests.Dashboard;
using Microsoft.Playwright;

namespace LabNet.Tests.Newcomer;

/// <summary>A plan that is written, corrected and run in a browser, done again there, and run by the command line with the same schedule.</summary>
[Trait("suite", "browser")]
public sealed class ChaosBrowserTests
{
    private const string LabFile = """
        name: chaos
        hosts:
          ares: { kind: namespace, address: 10.99.0.1 }
        vms:
          x86: { host: ares, arch: x86_64, memory: 256M, cpus: 2, image: debian, nics: [ user ] }
        """;

    private const string Plan = """
        name: browsed
        seed: 11
        duration: 4s
        faults:
          - { kind: pause, at: 500ms..1s, duration: 500ms }
          - { kind: link-down, at: 1s, duration: 2s, nic: eth0 }
          - { kind: block-throttle, at: 1s..2s, duration: 1s, device: vda, iops: 50..500 }
        checks:
          - { kind: program, command: [/bin/true], every: 2s, patience: 60s }
        """;

    [Fact]
    public async Task A_plan_is_corrected_and_run_in_the_browser_done_again_and_run_from_the_command_line_with_the_same_schedule()
    {
        await using var lab = new LabCommand(LabFile);
        var (status, _, told) = await lab.UpAsync();
        Assert.True(status == 0, told);
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(lab.Url);
        await page.GotoAsync("/login");
        await page.GetByLabel("Token").FillAsync((await lab.OutputAsync("token", "--role", "operator")).Trim());
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await page.GotoAsync("/chaos");
        await Assertions.Expect(page.GetByText("No plan is kept yet.")).ToBeVisibleAsync();

        var text = page.GetByLabel("The plan, as YAML");
        var run = page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true });
        await Assertions.Expect(run).ToBeEnabledAsync();
        await text.FillAsync(Plan.Replace("kind: pause", "kind: puase", StringComparison.Ordinal));
        await Assertions.Expect(page.GetByText("Did you mean \"pause\"?")).ToBeVisibleAsync();
        await Assertions.Expect(run).ToBeDisabledAsync();
        await text.FillAsync(Plan);
        await run.ClickAsync();
        var shown = page.GetByRole(AriaRole.Region, new() { NameRegex = new Regex("^browsed,", RegexOptions.None, TimeSpan.FromSeconds(1)) });
        await Assertions.Expect(shown.GetByRole(AriaRole.Log)).ToContainTextAsync("the guest stands still");
        await Assertions.Expect(shown.GetByRole(AriaRole.Status)).ToHaveTextAsync("passed");
        await Assertions.Expect(shown).ToContainTextAsync("3 of 3");

        // What is broken is told on the VM's own page as well, and stands in the history.
        await page.GotoAsync("/vms/x86/faults");
        await Assertions.Expect(page.GetByRole(AriaRole.Group, new() { Name = "Faults that are over, newest first" })).ToContainTextAsync("eth0 has no carrier");
        await page.GotoAsync("/chaos");
        await page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        var runs = page.GetByRole(AriaRole.Group, new() { Name = "Runs, newest first" }).GetByRole(AriaRole.Row);
        await Assertions.Expect(runs.Nth(1)).ToContainTextAsync("(replay)");
        await Assertions.Expect(runs.Nth(1)).ToContainTextAsync("passed");

        var journal = Path.Join(lab.StateRoot, "journal.ndjson");
        var (passed, output, _) = await lab.RunAsync("chaos", "run", "browsed", "--journal", journal);
        Assert.Equal(0, passed);
        Assert.Contains("browsed, seed 11, schedule", output, StringComparison.Ordinal);
        await Assertions.Expect(runs).ToHaveCountAsync(4);
        string[] schedules = [.. (await runs.AllInnerTextsAsync()).Skip(1).Select(row => row.Split('\t')[9].Split(' ')[0])];
        Assert.Single(schedules.Distinct());
        Assert.Contains(schedules[0], File.ReadLines(journal).First(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Join(lab.StateRoot, "failing.yaml"), "name: failing\nseed: 1\nduration: 1s\nsettle: 1s\nfaults: [ { kind: pause, duration: 100ms } ]\nchecks: [ { kind: program, when: after, command: [/bin/false] } ]\n", TestContext.Current.CancellationToken);
        Assert.Equal(1, (await lab.RunAsync("chaos", "run", Path.Join(lab.StateRoot, "failing.yaml"), "--journal", journal)).Status);
        await File.WriteAllTextAsync(Path.Join(lab.StateRoot, "wrong.yaml"), "name: wrong\n", TestContext.Current.CancellationToken);
        var wrong = await lab.RunAsync("chaos", "run", Path.Join(lab.StateRoot, "wrong.yaml"));
        Assert.Equal(2, wrong.Status);
        Assert.Contains("wrong.yaml:1:1: The plan lacks the key \"seed\".", wrong.Errors, StringComparison.Ordinal);
    }
}

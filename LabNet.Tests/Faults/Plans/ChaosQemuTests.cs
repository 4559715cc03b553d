using System.Globalization;
using LabNet.Core.Faults;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Faults.Plans;

/// <summary>Plans that are run on a real machine.</summary>
[Trait("suite", "qemu")]
public sealed class ChaosQemuTests
{
    private const string Faults = """
        faults:
          - { kind: pause,          at: 200ms..1s,   duration: 300ms }
          - { kind: vcpu-pause,     at: 2s,          duration: 300ms, vcpu: [0, 1] }
          - { kind: block-throttle, at: 500ms..2s,   duration: 1s, device: vda, iops: 50..500 }
          - { kind: block-error,    at: 1s,          duration: 1s, device: d1, operation: read, errno: EIO }
          - { kind: balloon,        at: 1s,          duration: 1s, bytes: 201326592 }
          - { kind: link-down,      at: 1s..2s,      duration: 500ms, nic: eth0 }
          - { kind: nmi,            at: 3s }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plan_passes_and_fails_by_what_holds_and_the_same_seed_does_the_same_again()
    {
        await using var lab = await FaultLab.StartAsync("x86_64");
        var remains = await lab.ReadRemainsAsync();
        var passed = await RunAsync(lab, $$"""
            name: passes
            seed: 7
            duration: 4s
            {{Faults}}
            checks:
              - { kind: program, command: [/bin/true], every: 1s, patience: 60s }
              - { kind: fio, when: after, seconds: 1 }
              - { kind: console }
            """);
        Assert.True(passed.Verdict == ChaosVerdict.Passed, string.Join('\n', passed.Reasons));
        Assert.Equal((7, 7, 7, 0, 0), (passed.Counts.Planned, passed.Counts.InForce, passed.Counts.Lifted, passed.Counts.Missed, passed.Counts.ChecksFailed));
        Assert.Equal(remains, await lab.ReadRemainsAsync());
        var journal = lab.Lab.Plans.ReadJournal(passed.Id, after: 0, int.MaxValue);
        Assert.Equal(Enumerable.Range(1, journal.Count).Select(number => (long)number), journal.Select(line => line.Number));
        Assert.Equal(Enumerable.Range(1, 7), journal.Where(line => line.Step == ChaosStep.InForce).Select(line => line.Fault!.Value).Order());
        Assert.Equal(Enumerable.Range(1, 7), journal.Where(line => line.Step == ChaosStep.Lifted).Select(line => line.Fault!.Value).Order());

        var again = await RunAsync(lab, lab.Lab.Plans.FindPlan(passed.PlanId)!, replays: passed);
        Assert.Equal((passed.Fingerprint, passed.Id, ChaosVerdict.Passed), (again.Fingerprint, again.Replays, again.Verdict));
        Assert.Equal(lab.Lab.Plans.FindText(passed.Id), lab.Lab.Plans.FindText(again.Id));

        var failed = await RunAsync(lab, $$"""
            name: fails
            seed: 7
            duration: 1s
            settle: 1s
            faults: [ { kind: pause, duration: 100ms } ]
            checks: [ { kind: program, name: never, when: after, command: [/bin/false], patience: 60s } ]
            """);
        Assert.Equal(ChaosVerdict.Failed, failed.Verdict);
        Assert.Contains("never on box did not hold: /bin/false exited with 1", Assert.Single(failed.Reasons), StringComparison.Ordinal);

        var before = await RunAsync(lab, """
            name: not-begun
            seed: 7
            duration: 1s
            faults: [ { kind: pause, duration: 100ms } ]
            checks: [ { kind: program, when: before, command: [/bin/false], patience: 60s } ]
            """);
        Assert.Equal((ChaosVerdict.Failed, 0), (before.Verdict, before.Counts.InForce));
    }

    [Fact]
    public async Task Whatever_ends_a_run_its_faults_go_and_the_run_tells_why()
    {
        await using var lab = await FaultLab.StartAsync("x86_64");
        var remains = await lab.ReadRemainsAsync();
        const string Long = """
            name: long
            seed: 1
            duration: 10m
            settle: 1s
            faults:
              - { kind: block-throttle, duration: 10m, device: vda, iops: 1000 }
              - { kind: block-error, duration: 10m, device: d1, operation: write, errno: EIO }
            """;
        var stopped = await BeginAsync(lab, Long);
        await UntilAsync(lab, stopped.Run, run => run.Counts.InForce == 2);
        await Assert.ThrowsAsync<VmConflictException>(() => BeginAsync(lab, Long));
        await lab.Lab.Chaos.StopAsync(stopped.Run.Id, LabOnThisMachine.Tester, Cancellation);
        var over = await EndedAsync(lab, stopped);
        Assert.Equal((ChaosVerdict.Stopped, 2), (over.Verdict, over.Counts.Lifted));
        Assert.Contains("tester stopped it.", over.Reasons[^1], StringComparison.OrdinalIgnoreCase);
        Assert.Equal(remains, await lab.ReadRemainsAsync());

        var cut = await BeginAsync(lab, $"{Long}\nchecks: [ {{ kind: program, when: during, every: 200ms, patience: 60s, command: [/bin/false] }} ]\nstop: {{ failedChecks: 2 }}");
        over = await EndedAsync(lab, cut);
        Assert.Equal(ChaosVerdict.Stopped, over.Verdict);
        Assert.Equal(remains, await lab.ReadRemainsAsync());

        // A LabNet that ends takes its run along.
        var left = await BeginAsync(lab, Long);
        await UntilAsync(lab, left.Run, run => run.Counts.InForce == 2);
        await lab.Lab.ReplaceLabNetAsync();
        await lab.Lab.Chaos.StartAsync(Cancellation);
        await lab.UntilAsync(state => state.RunState == Core.Qmp.RunState.Running);
        Assert.Equal(ChaosVerdict.Stopped, lab.Lab.Plans.FindRun(left.Run.Id)!.Verdict);
        Assert.Equal(remains, await lab.ReadRemainsAsync());
    }

    private static async Task<ChaosRun> RunAsync(FaultLab lab, string text) => await EndedAsync(lab, await BeginAsync(lab, text));

    private static async Task<ChaosRun> RunAsync(FaultLab lab, KeptPlan plan, ChaosRun replays) =>
        await EndedAsync(lab, await lab.Lab.Chaos.BeginAsync(plan, seed: null, replays, LabOnThisMachine.Tester, Cancellation));

    private static async Task<ChaosRunBegun> BeginAsync(FaultLab lab, string text)
    {
        var kept = await lab.Lab.Chaos.SaveAsync(text, LabOnThisMachine.Tester, Cancellation);
        return await lab.Lab.Chaos.BeginAsync(kept, seed: null, replays: null, LabOnThisMachine.Tester, Cancellation);
    }

    private static async Task<ChaosRun> EndedAsync(FaultLab lab, ChaosRunBegun begun)
    {
        await lab.Lab.EndAsync(begun.Operation);
        var run = lab.Lab.Plans.FindRun(begun.Run.Id)!;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Name}: {run.Verdict} {string.Join(" | ", run.Reasons)}"));
        return run;
    }

    private static async Task UntilAsync(FaultLab lab, ChaosRun run, Func<ChaosRun, bool> wished)
    {
        using var changes = lab.Lab.Feed.Subscribe(record => record.Item is ChaosRunChanged changed && changed.Run.Id == run.Id);
        await changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(Cancellation)).Select(record => record.Item).OfType<ChaosRunChanged>().FirstAsync(changed => wished(changed.Run), Cancellation);
    }
}

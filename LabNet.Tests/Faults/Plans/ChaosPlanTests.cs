using LabNet.Core.Faults;
using LabNet.Core.Labs;

namespace LabNet.Tests.Faults.Plans;

[Trait("suite", "unit")]
public sealed class ChaosPlanTests
{
    private static readonly Lab Lab = Dashboard.Labs.CrossArch();

    [Fact]
    public void The_plan_that_comes_with_LabNet_is_one_with_ten_kinds_of_faults()
    {
        var plan = Read(File.ReadAllText(Path.Join(Repository.Root, "infra", "plans", "ten-kinds.yaml")));
        Assert.Equal(10, plan.Faults.Select(fault => fault.Template.Kind).Distinct().Count());
        Assert.Equal(["shell-answers", "lives", "everybody-answers", "disk-is-sound", "no-oops"], plan.Checks.Select(check => check.Name));
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var plan = Read("{ name: small, seed: 1, duration: 10s, faults: [ { kind: pause, duration: 1s }, { kind: pause, duration: 2s } ], checks: [ { kind: ping } ] }");
        Assert.Equal(["pause-1", "pause-2"], plan.Faults.Select(fault => fault.Name));
        Assert.Equal((TimeSpan.FromSeconds(60), true, null), (plan.Settle, plan.Stop.VmLost, plan.Stop.FailedChecks));
        Assert.Equal(CheckTime.Before | CheckTime.During | CheckTime.After, Assert.Single(plan.Checks).When);
    }

    [Theory]
    [InlineData("seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s } ]", "lacks the key \"name\"")]
    [InlineData("name: a, seed: -1, duration: 1s, faults: [ { kind: pause, duration: 1s } ]", "seed is a whole number")]
    [InlineData("name: a, seed: 1, duration: -5s, faults: [ { kind: pause, duration: 1s } ]", "duration is a time from 1ms to 24h")]
    [InlineData("name: a, seed: 1, duration: 5, faults: [ { kind: pause, duration: 1s } ]", "duration is a time from 1ms to 24h")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: []", "a list with one fault at least")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: puase, duration: 1s } ]", "Did you mean \"pause\"?")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause } ]", "pause-1 on x86: duration")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, at: uniform(5s) } ]", "at is a time")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: -1s } ]", "duration is a time")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, vcpu: 0 } ]", "vcpu")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: vcpu-pause, duration: 10s, vcpu: 0 } ]", "is not between 1 and 5000")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: link-down, duration: 1s, link: nowhere } ]", "is no link that x86 is on")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, targets: arch == sparc } ]", "arch is one of x86_64, aarch64")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, targets: name == nobody } ]", "matches no VM of the lab cross-arch. Its VMs: x86, arm")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, count: 3 } ]", "A count without every")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s, name: b }, { kind: kill, name: b } ]", "The name b stands twice")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s } ], checks: [ { kind: program } ]", "command is a list")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s } ], checks: [ { kind: http, url: ftp://x } ]", "url is an address")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s } ], checks: [ { kind: pong } ]", "There is no check of the kind \"pong\". Did you mean \"ping\"?")]
    [InlineData("name: a, seed: 1, duration: 1s, faults: [ { kind: pause, duration: 1s } ], stop: { failedChecks: 0 }", "failedChecks \"0\" is outside")]
    public void A_mistake_is_told_with_what_is_allowed(string keys, string told)
    {
        var reading = ChaosPlanFile.Read($"{{ {keys} }}", Lab);
        Assert.Null(reading.Plan);
        Assert.Contains(reading.Mistakes, mistake => mistake.Message.Contains(told, StringComparison.Ordinal));
        Assert.All(reading.Mistakes, mistake => Assert.True(mistake.Line > 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("- 1")]
    [InlineData("name: [a]\nfaults: 3\nchecks: {}\nstop: []\nseed: {}\nduration: []\nsettle: x")]
    [InlineData("name: a\nseed: 1\nduration: 1s\nfaults: [ 1, [], {}, { kind: {} }, { kind: pause, duration: {}, at: [], chance: 200, pick: some } ]")]
    public void Whatever_a_text_says_it_is_read_or_refused(string text)
    {
        var reading = ChaosPlanFile.Read(text, Lab);
        Assert.Null(reading.Plan);
        Assert.NotEmpty(reading.Mistakes);
    }

    [Theory]
    [InlineData("all", "x86 arm")]
    [InlineData("arch == aarch64", "arm")]
    [InlineData("arch != aarch64", "x86")]
    [InlineData("not (name == x86 or name == arm)", "")]
    [InlineData("link == lab and not host == ares", "arm")]
    [InlineData("name == x86 or name == arm and host == ares", "x86")]
    public void A_selector_chooses_VMs(string text, string chosen)
    {
        var selector = VmSelector.TryParse(text, out var mistake);
        Assert.Null(mistake);
        Assert.Equal(chosen, string.Join(' ', Lab.Vms.Where(selector!.Wants).Select(vm => vm.Name)));
    }

    [Theory]
    [InlineData("name = x86", 6)]
    [InlineData("colour == red", 1)]
    [InlineData("(name == x86", 13)]
    [InlineData("name == x86 arm", 13)]
    [InlineData("name ==", 8)]
    [InlineData("", 1)]
    public void A_wrong_selector_is_told_with_its_place(string text, int character)
    {
        Assert.Null(VmSelector.TryParse(text, out var mistake));
        Assert.Contains($"(character {character}", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_selector_is_not_read_deeper_than_the_stack_holds()
    {
        Assert.Null(VmSelector.TryParse(new string('(', 100_000), out var mistake));
        Assert.Contains("levels deep", mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_makes_the_same_schedule_byte_for_byte_and_another_seed_another()
    {
        const string Text = """
            name: kept
            seed: 42
            duration: 5m
            faults:
              - { kind: pause, at: 1s..10s, every: exponential(20s), duration: normal(500ms 200ms) }
              - { kind: block-throttle, every: 5s..15s, chance: 70%, duration: 1s..4s, device: vda, iops: 50..500, bytesPerSecond: [1000000, 5000000] }
              - { kind: reset, at: 1m, every: exponential(1m), pick: one, targets: link == lab }
            """;
        var plan = Read(Text);
        var schedule = ChaosSchedule.Of(plan, Lab);
        Assert.Equal(schedule.Text, ChaosSchedule.Of(Read(Text), Lab).Text);
        Assert.NotEqual(schedule.Fingerprint, ChaosSchedule.Of(plan with { Seed = 43 }, Lab).Fingerprint);

        // On every machine and in years: what somebody found with a seed must be found again.
        Assert.StartsWith("2e1fd230c866a99ab8285dd2555d0ee294205f7c092e65b44a", schedule.Fingerprint, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_fault_in_the_plan_changes_nothing_for_those_that_were_there()
    {
        const string One = "{ kind: pause, at: 0s..5s, every: exponential(10s), duration: 1ms..1s }";
        var alone = ChaosSchedule.Of(Read($"{{ name: a, seed: 9, duration: 60s, faults: [ {One} ] }}"), Lab);
        var beside = ChaosSchedule.Of(Read($"{{ name: a, seed: 9, duration: 60s, faults: [ {{ kind: nmi, every: 7s }}, {One} ] }}"), Lab);
        Assert.Equal(alone.Faults.Select(Told), beside.Faults.Where(fault => fault.Name == "pause-1").Select(Told));

        static object Told(ScheduledFault fault) => (fault.Vm, fault.AtMs, fault.DurationMs, fault.Spec);
    }

    [Fact]
    public void Two_that_hold_the_same_never_overlap_and_all_end_with_the_plan()
    {
        var plan = Read("{ name: a, seed: 5, duration: 30s, faults: [ { kind: pause, every: exponential(1s), duration: exponential(1s) }, { kind: vcpu-pause, every: exponential(1s), duration: 1ms..900ms, vcpu: [0] } ] }");
        var schedule = ChaosSchedule.Of(plan, Lab);
        Assert.True(schedule.Faults.Length > 30, $"{schedule.Faults.Length} faults.");
        Assert.Equal(schedule.Faults.OrderBy(fault => fault.AtMs), schedule.Faults);
        foreach (var own in schedule.Faults.GroupBy(fault => fault.Vm))
        {
            Assert.All(own.Zip(own.Skip(1)), pair => Assert.True(pair.First.AtMs + pair.First.DurationMs < pair.Second.AtMs, $"{pair}"));
            Assert.True(own.Max(fault => fault.AtMs + fault.DurationMs) <= 30_000);
        }
    }

    [Fact]
    public void Chance_counts_and_picks_are_kept()
    {
        var plan = Read("{ name: a, seed: 5, duration: 10m, faults: [ { kind: nmi, every: 1s, count: 100, chance: 30%, targets: arch == x86_64 }, { kind: reset, every: 1s, count: 200, pick: one } ] }");
        var schedule = ChaosSchedule.Of(plan, Lab);
        Assert.InRange(schedule.Faults.Count(fault => fault.Spec is NmiFault), 10, 50);
        var resets = schedule.Faults.Where(fault => fault.Spec is ResetFault).ToList();
        Assert.Equal(200, resets.Count);
        Assert.InRange(resets.Count(fault => fault.Vm.ToString() == "arm"), 60, 140);
    }

    [Fact]
    public void A_schedule_is_read_again_as_it_was()
    {
        var schedule = ChaosSchedule.Of(Read(File.ReadAllText(Path.Join(Repository.Root, "infra", "plans", "ten-kinds.yaml"))), Lab);
        var again = ChaosSchedule.Read(schedule.Text, Lab);
        Assert.Equal(schedule.Text, again.Text);
        Assert.Equal(schedule.Faults, again.Faults);
        Assert.Throws<ChaosPlanException>(() => ChaosSchedule.Read(schedule.Text.Replace("\"arm\"", "\"gone\"", StringComparison.Ordinal), Lab));
        Assert.Throws<ChaosPlanException>(() => ChaosSchedule.Read("{", Lab));
    }

    [Fact]
    public void A_plan_without_end_is_refused() =>
        Assert.Throws<ChaosPlanException>(() => ChaosSchedule.Of(Read("{ name: a, seed: 5, duration: 24h, faults: [ { kind: nmi, every: 1ms } ] }"), Lab));

    private static ChaosPlan Read(string text)
    {
        var reading = ChaosPlanFile.Read(text, Lab);
        Assert.True(reading.TryGetPlan(out var plan), string.Join('\n', reading.Mistakes));
        return plan;
    }
}

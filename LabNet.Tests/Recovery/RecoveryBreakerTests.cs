using LabNet.Core.Recovery;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class RecoveryBreakerTests
{
    private static readonly RecoveryPolicy Policy = new(RecoveryAction.Restart) { BudgetTimes = 3, BudgetSeconds = 60 };
    private readonly ManualTimeProvider _time = new();
    private RecoveryBreaker _breaker = RecoveryBreaker.Closed;

    [Fact]
    public void The_first_recovery_waits_for_nothing_and_each_other_twice_as_long_up_to_a_minute()
    {
        double[] waits = [.. Enumerable.Range(0, 10).Select(attempts => RecoveryBreaker.BackoffAfter(attempts).TotalSeconds)];
        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
        Assert.Equal(60, RecoveryBreaker.BackoffAfter(99).TotalSeconds);
    }

    [Fact]
    public void The_breaker_opens_when_the_budget_is_used_up_says_why_and_stays_open()
    {
        Assert.Equal([0, 1, 2, null], Enumerable.Range(0, 4).Select(_ => Ask()));
        Assert.True(_breaker.IsOpen);
        Assert.Equal(_time.GetUtcNow(), _breaker.OpenSince);
        Assert.Equal("It was brought back 3 times within 60 s, and that is its budget.", _breaker.WhyOpen);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Null(Ask());
    }

    [Fact]
    public void A_recovery_that_the_window_no_longer_holds_does_not_count()
    {
        Ask();
        _time.Advance(TimeSpan.FromSeconds(30));
        Ask();
        Ask();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2, Ask());
        Assert.Null(Ask());
    }

    [Fact]
    public void A_clock_that_was_set_back_uses_up_no_budget()
    {
        _breaker = new RecoveryBreaker([.. Enumerable.Repeat(_time.GetUtcNow() + TimeSpan.FromHours(1), 3)]);
        Assert.Equal(0, Ask());
    }

    private double? Ask()
    {
        (_breaker, var wait) = _breaker.Ask(Policy, _time.GetUtcNow());
        return wait?.TotalSeconds;
    }
}

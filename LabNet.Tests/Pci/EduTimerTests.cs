namespace LabNet.Tests.Pci;

/// <summary>The timer of labnet-edu, by a clock that the test holds.</summary>
[Trait("suite", "pci")]
public sealed class EduTimerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_timer_expires_once_unless_it_is_periodic(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("TIMER_PERIOD", 100);
        edu.Write("TIMER_CONTROL", edu.Bit("TIMER_CONTROL", "START"));
        Assert.Equal(edu.Bit("STATUS", "TIMER_RUNNING"), edu.Read("STATUS"));

        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(99));
        Assert.False(edu.Has("TIMER"));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1));
        Assert.True(edu.Has("TIMER"));
        Assert.Equal((0u, 0u, 1u), (edu.Read("STATUS"), edu.Read("TIMER_CONTROL"), edu.Read("TIMER_COUNT")));

        edu.Write("TIMER_CONTROL", edu.Bit("TIMER_CONTROL", "START") | edu.Bit("TIMER_CONTROL", "PERIODIC"));
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1000));
        Assert.Equal(11u, edu.Read("TIMER_COUNT"));
        edu.Write("TIMER_CONTROL", 0);
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(1000));
        Assert.Equal(11u, edu.Read("TIMER_COUNT"));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_new_period_begins_the_timer_anew_and_none_stops_it(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("TIMER_CONTROL", edu.Bit("TIMER_CONTROL", "START"));
        Assert.Equal(0u, edu.Read("STATUS"));
        edu.Write("TIMER_PERIOD", 100);
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(90));
        edu.Write("TIMER_PERIOD", 50);
        edu.Qtest.StepClock(TimeSpan.FromMicroseconds(49));
        Assert.Equal(0u, edu.Read("TIMER_COUNT"));
        edu.Write("TIMER_PERIOD", 0);
        edu.Qtest.StepClock(TimeSpan.FromMilliseconds(1));
        Assert.Equal((0u, 0u), (edu.Read("TIMER_COUNT"), edu.Read("STATUS")));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_reset_stops_the_timer(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("TIMER_PERIOD", 10);
        edu.Write("TIMER_CONTROL", 3);
        edu.Write("CONTROL", edu.Bit("CONTROL", "RESET"));
        edu.Qtest.StepClock(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0u, edu.Read("TIMER_COUNT"));
    }
}

using LabNet.Web.Dashboard.Live;

namespace LabNet.Tests.Dashboard;

[Trait("suite", "unit")]
public sealed class RenderThrottleTests : IDisposable
{
    private readonly ManualTimeProvider _time = new(Labs.Noon);
    private readonly RenderThrottle _throttle;
    private int _renders;

    public RenderThrottleTests() => _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, _time, () => _renders++);

    public void Dispose() => _throttle.Dispose();

    [Fact]
    public void The_first_change_renders_at_once()
    {
        _throttle.Request();

        Assert.Equal(1, _renders);
    }

    [Fact]
    public void Changes_within_the_interval_render_once_more_at_its_end()
    {
        for (var change = 0; change < 1000; change++)
        {
            _throttle.Request();
        }

        Assert.Equal(1, _renders);
        _time.Advance(RenderThrottle.TenPerSecond);
        Assert.Equal(2, _renders);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, _renders);
    }

    [Fact]
    public void A_stream_of_changes_renders_ten_times_a_second()
    {
        for (var ms = 0; ms < 10_000; ms++)
        {
            _throttle.Request();
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(_renders, 99, 101);
    }

    [Fact]
    public void A_change_after_a_quiet_time_renders_at_once()
    {
        _throttle.Request();
        _time.Advance(TimeSpan.FromSeconds(1));
        _throttle.Request();

        Assert.Equal(2, _renders);
    }

    [Fact]
    public void Nothing_renders_after_the_page_was_left()
    {
        _throttle.Request();
        _throttle.Request();
        _throttle.Dispose();
        _throttle.Request();
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, _renders);
    }
}

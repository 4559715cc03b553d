namespace LabNet.Web.Dashboard.Live;

/// <summary>
/// Coalesces renders: the first change renders at once, further ones at most once an interval, and the last one always. Ten thousand
/// records a second cost a page ten renders.
/// </summary>
/// <remarks>Thread-safe. The render runs on the caller's thread or on a timer's, never under the lock.</remarks>
public sealed class RenderThrottle : IDisposable
{
    /// <summary>Faster than this the eye does not follow and a circuit only gets slower.</summary>
    public static readonly TimeSpan TenPerSecond = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly Action _render;
    private readonly ITimer _timer;
    private readonly Lock _sync = new();
    private long? _renderedAt;
    private bool _waiting;
    private bool _disposed;

    public RenderThrottle(TimeSpan interval, TimeProvider time, Action render)
    {
        _interval = interval;
        _time = time;
        _render = render;
        _timer = time.CreateTimer(_ => RenderWaiting(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>There is something new to show.</summary>
    public void Request()
    {
        lock (_sync)
        {
            if (_disposed || _waiting)
            {
                return;
            }

            var rest = _renderedAt is { } at ? _interval - _time.GetElapsedTime(at) : TimeSpan.Zero;
            if (rest > TimeSpan.Zero)
            {
                _waiting = true;
                _timer.Change(rest, Timeout.InfiniteTimeSpan);
                return;
            }

            _renderedAt = _time.GetTimestamp();
        }

        _render();
    }

    public void Dispose()
    {
        lock (_sync)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void RenderWaiting()
    {
        lock (_sync)
        {
            if (_disposed)
            {
                return;
            }

            _waiting = false;
            _renderedAt = _time.GetTimestamp();
        }

        _render();
    }
}

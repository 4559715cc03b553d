using System.Threading.Channels;

namespace LabNet.Tests;

/// <summary>A clock that stands still until a test moves it; it fires the timers that it passes, in their order.</summary>
internal sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _sync = new();
    private readonly HashSet<ManualTimer> _timers = [];
    private readonly Channel<TimeSpan> _set = Channel.CreateUnbounded<TimeSpan>();
    private DateTimeOffset _now = start;
    private TimeSpan _setBack;

    public ManualTimeProvider() : this(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that will still fire.</summary>
    public int TimersSet
    {
        get
        {
            lock (_sync)
            {
                return _timers.Count(timer => timer.DueAt is not null);
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_sync)
        {
            return _now - _setBack;
        }
    }

    public override long GetTimestamp()
    {
        lock (_sync)
        {
            return _now.UtcTicks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Ends when a timer is due in just this time: then the code under test is known to wait.</summary>
    public async Task UntilTimerIsSetAsync(TimeSpan dueTime)
    {
        while (!IsDueIn(dueTime))
        {
            await _set.Reader.ReadAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The length of the next timer that is set, or was set and not yet asked for.</summary>
    public ValueTask<TimeSpan> NextTimerAsync() => _set.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public void Advance(TimeSpan by)
    {
        DateTimeOffset target;
        lock (_sync)
        {
            target = _now + by;
        }

        while (TakeDue(target) is { } fire)
        {
            fire();
        }

        lock (_sync)
        {
            _now = target;
        }
    }

    /// <summary>The process stood still meanwhile: nothing woke on the way, and all that was due wakes at the end.</summary>
    public void Leap(TimeSpan by)
    {
        lock (_sync)
        {
            _now += by;
        }

        Advance(TimeSpan.Zero);
    }

    /// <summary>What an administrator or NTP does to the wall clock; timers and timestamps don't notice. Less than zero sets it forward.</summary>
    public void SetBack(TimeSpan by)
    {
        lock (_sync)
        {
            _setBack += by;
        }
    }

    private bool IsDueIn(TimeSpan dueTime)
    {
        lock (_sync)
        {
            return _timers.Any(timer => timer.DueAt == _now + dueTime);
        }
    }

    private Action? TakeDue(DateTimeOffset target)
    {
        lock (_sync)
        {
            var due = _timers.Where(timer => timer.DueAt <= target).MinBy(timer => timer.DueAt);
            if (due is null)
            {
                return null;
            }

            _now = due.DueAt > _now ? due.DueAt.Value : _now;
            due.DueAt = due.Period > TimeSpan.Zero ? due.DueAt + due.Period : null;
            return due.Fire;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider time, Action fire) : ITimer
    {
        public Action Fire { get; } = fire;

        public DateTimeOffset? DueAt { get; set; }

        public TimeSpan Period { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._sync)
            {
                Period = period == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : period;
                DueAt = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
                time._timers.Add(this);
            }

            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time._set.Writer.TryWrite(dueTime);
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._sync)
            {
                DueAt = null;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>How many lines a second QEMU writes, over the last seconds.</summary>
/// <remarks>For one caller at a time.</remarks>
internal sealed class TraceRate(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private readonly Queue<(long At, long Lines)> _told = new();
    private (long At, long Lines)? _newest;

    public void Add(TraceEventsSeen seen)
    {
        _newest = (time.GetTimestamp(), seen.Events + seen.Unparsed);
        _told.Enqueue(_newest.Value);
    }

    /// <summary>0 where nothing came lately.</summary>
    public double PerSecond()
    {
        // One that is older than the window stays: the window begins behind it.
        while (_told.Count > 1 && time.GetElapsedTime(_told.ElementAt(1).At) > Window)
        {
            _told.Dequeue();
        }

        return _newest is not { } newest || time.GetElapsedTime(newest.At) > Window || !_told.TryPeek(out var first) ? 0
            : (newest.Lines - first.Lines) / Math.Max(1, Math.Min(Window.TotalSeconds, time.GetElapsedTime(first.At).TotalSeconds));
    }
}

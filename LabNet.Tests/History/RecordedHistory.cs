using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.History;

/// <summary>A feed whose events are kept, with a real ring.db.</summary>
internal sealed class RecordedHistory : IAsyncDisposable
{
    private readonly RingWriter _ring;

    public RecordedHistory(string folder, TimeProvider time)
    {
        var database = Database.OpenOrBeginAnew(Path.Join(folder, "ring.db"), "ring", "NORMAL", RingWriter.ReadAtOnce, time, out var setAside);
        _ring = new RingWriter(database, setAside, time, NullLogger<RingWriter>.Instance);
        Feed = new LiveFeed(time);
        Store = new EventStore(_ring);
        Recorder = new EventRecorder(Feed, Store, _ring, time);
    }

    public void Open()
    {
        Recorder.Open();
        _ring.Start();
    }

    public LiveFeed Feed { get; }

    public EventStore Store { get; }

    public EventRecorder Recorder { get; }

    public RingWriter Ring => _ring;

    /// <summary>Everything that was published by now, oldest first.</summary>
    public async Task<IReadOnlyList<LabEvent>> ReadAsync(EventQuery? query = null)
    {
        await Recorder.CatchUpAsync(TestContext.Current.CancellationToken);
        return [.. Store.Read(query ?? new EventQuery(int.MaxValue)).Reverse()];
    }

    public async ValueTask DisposeAsync()
    {
        await Recorder.DisposeAsync();
        await _ring.DisposeAsync();
    }
}

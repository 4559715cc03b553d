using LabNet.Core.Feed;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Bench;

/// <summary>A ring.db of a benchmark's own behind the feed, as LabNet has it, with a clock that can be put into any time and goes on from there.</summary>
internal sealed class BenchRing : IAsyncDisposable
{
    private const int AtOnce = 2000;

    private readonly string _folder = Directory.CreateTempSubdirectory("lb-").FullName;
    private readonly ServiceProvider _services;

    public BenchRing()
    {
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(Clock)
            .AddFeed()
            .AddStorage(_folder)
            .AddSingleton(s => new MetricStore(s.GetRequiredService<RingWriter>(), Clock))
            .AddSingleton<MetricRecorder>()
            .BuildServiceProvider();
        Recorder.Open();
        _services.GetRequiredService<RingWriter>().Start();
    }

    public ShiftedClock Clock { get; } = new();

    public LiveFeed Feed => _services.GetRequiredService<LiveFeed>();

    public MetricStore Store => _services.GetRequiredService<MetricStore>();

    public MetricRecorder Recorder => _services.GetRequiredService<MetricRecorder>();

    public RingWriterHealth Health => _services.GetRequiredService<RingWriter>().Health;

    public long FileBytes => new DirectoryInfo(_folder).EnumerateFiles("ring.db*").Sum(file => file.Length);

    /// <summary>As fast as it is written, with the clock going along, so that everything comes due on the way.</summary>
    public async Task FillAsync(IReadOnlyList<SyntheticVm> vms, DateTimeOffset from, DateTimeOffset to, TimeSpan spacing)
    {
        var waiting = 0;
        for (var at = from; at < to; at += spacing)
        {
            foreach (var vm in vms)
            {
                Feed.Publish(vm.Source, vm.Next(at));
            }

            waiting += vms.Count;
            if (waiting >= AtOnce)
            {
                Clock.Now = at;
                await Recorder.CatchUpAsync(CancellationToken.None);
                waiting = 0;
            }
        }

        Clock.Now = to;
        await Recorder.CatchUpAsync(CancellationToken.None);
    }

    /// <summary>Ends when nothing is left to be rolled up or trimmed at the clock's time: when the file stays as it is.</summary>
    public async Task SettleAsync()
    {
        var before = new MetricsStored(0, 0, 0, null);
        while (Store.ReadExtent() is var now && now != before)
        {
            before = now;
            await Task.Delay(TimeSpan.FromSeconds(11));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

internal sealed class ShiftedClock : TimeProvider
{
    private long _shiftTicks;

    public DateTimeOffset Now
    {
        set => Interlocked.Exchange(ref _shiftTicks, (value - base.GetUtcNow()).Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _shiftTicks));
}

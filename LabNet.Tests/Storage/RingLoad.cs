using System.Collections.Immutable;
using System.Globalization;
using Dapper;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Storage;

/// <summary>
/// The history of a LabNet under full load, as a program of its own that runs until it is killed. It says on standard output, a line each:
/// <code>
/// opening | opened        ; the databases
/// round N                 ; before anything of that round is published
/// writing | tidied        ; in the middle of a transaction
/// kept EVENTS SAMPLES     ; so many of this run were read from the database just now
/// </code>
/// Its clock goes on by half a minute a round, so that hours are rolled up and trimmed within a second.
/// </summary>
internal sealed class RingLoad : IDisposable
{
    public const string Verb = "ring-load";

    /// <summary>Some thousand events, so that the oldest have to go.</summary>
    private const long EventBudgetBytes = 2_000_000;
    private const int BurstRoundsMax = 20;

    private static readonly MetricKey Cpu = new(MetricCatalogue.VcpuCpu, "0");
    private static readonly MetricLayout Small = new([Cpu]);
    private static readonly MetricLayout Large = new([Cpu, new MetricKey(MetricCatalogue.GuestLoad)]);

    private readonly RingLoadPlan _plan;
    private readonly RoundClock _clock;
    private readonly TextWriter _output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
    private readonly LiveFeed _feed;
    private readonly RingWriter _ring;
    private readonly MetricStore _samples;
    private readonly EventRecorder _eventRecorder;
    private readonly MetricRecorder _metricRecorder;

    private RingLoad(string path, RingLoadPlan plan)
    {
        _plan = plan;
        _clock = new RoundClock(plan);
        _output.WriteLine("opening");
        _feed = new LiveFeed(_clock);
        (_ring, var events, _samples) = OpenStores(path, _clock);
        _eventRecorder = new EventRecorder(_feed, events, _ring, _clock);
        _metricRecorder = new MetricRecorder(_feed, _samples, _ring);
    }

    /// <summary>Also for who looks at what is left.</summary>
    public static (RingWriter Ring, EventStore Events, MetricStore Samples) OpenStores(string path, TimeProvider time)
    {
        var database = Database.OpenOrBeginAnew(path, "ring", "NORMAL", RingWriter.ReadAtOnce, time, out var setAside);
        var ring = new RingWriter(database, setAside, time, NullLogger<RingWriter>.Instance);
        return (ring, new EventStore(ring, EventBudgetBytes), new MetricStore(ring, time));
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var (path, run, startNs) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), long.Parse(args[2], CultureInfo.InvariantCulture));
        using var load = new RingLoad(path, new RingLoadPlan(run, startNs));
        await load.RunAsync();
        return 0;
    }

    public void Dispose() => _output.Dispose();

    private async Task RunAsync()
    {
        _eventRecorder.Open();
        _metricRecorder.Open();
        _ring.AddMaintenance((connection, transaction) =>
        {
            var more = _samples.Maintain(connection, transaction);
            _output.WriteLine("tidied");
            return more;
        });
        _ring.Start();
        _output.WriteLine("opened");

        // One burst is on its way to the disk while the next is published: as fast as it goes, and never so far ahead that the feed has to
        // leave something out.
        var kept = Task.CompletedTask;
        for (var round = 0; ;)
        {
            for (var rest = 1 + (round * 13 % BurstRoundsMax); rest > 0; rest--)
            {
                Publish(round++);
            }

            await kept;
            kept = TellKeptAsync();
        }
    }

    private void Publish(int round)
    {
        _output.WriteLine($"round {round}");
        _clock.Round = round;
        for (var vm = 0; vm < RingLoadPlan.Vms.Count; vm++)
        {
            for (var i = 0; i < RingLoadPlan.EventsOfVm; i++)
            {
                var number = (round * RingLoadPlan.EventsOfRound) + (vm * RingLoadPlan.EventsOfVm) + i;
                _feed.Publish(RingLoadPlan.Vms[vm], new EventTold(new EventNote(EventKind.Qmp, RingLoadPlan.EventName, _plan.TextOf(number))));
            }

            var layout = round / 50 % 2 == 0 ? Small : Large;
            ImmutableArray<double> values = [_plan.ValueOf(round, vm), .. layout == Large ? [1.0] : Array.Empty<double>()];
            _feed.Publish(RingLoadPlan.Vms[vm], new MetricsSampled(
                new MetricSample(_plan.TimeOf(round), layout, values, [.. values.Select(static _ => double.NaN)], ImmutableSortedDictionary<string, string>.Empty)));
        }
    }

    private async Task TellKeptAsync()
    {
        await _ring.WriteAsync((_, _) => _output.WriteLine("writing"), CancellationToken.None);
        await _eventRecorder.CatchUpAsync(CancellationToken.None);
        await _metricRecorder.CatchUpAsync(CancellationToken.None);
        var (events, samples) = _ring.Read(reader => (
            reader.QueryFirstOrDefault<string>("SELECT text FROM events WHERE name = @EventName ORDER BY id DESC LIMIT 1", new { RingLoadPlan.EventName }),
            reader.Query<long>("SELECT max(time_ns) FROM metric_samples WHERE time_ns >= @StartNs GROUP BY vm", new { _plan.StartNs }).ToList()));
        var ofThisRun = events?.Split(' ') is [var run, var number, ..] && int.Parse(run, CultureInfo.InvariantCulture) == _plan.Run
            ? int.Parse(number, CultureInfo.InvariantCulture) + 1
            : 0;
        _output.WriteLine($"kept {ofThisRun} {samples.Sum(last => ((last - _plan.StartNs) / RingLoadPlan.RoundNs) + 1)}");
    }

    /// <summary>Stands still within a round. Its timers are the machine's: nothing waits for the rounds.</summary>
    private sealed class RoundClock(RingLoadPlan plan) : TimeProvider
    {
        private int _round;

        public int Round
        {
            set => Volatile.Write(ref _round, value);
        }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => UnixTime.FromUnixTimeNs(plan.TimeOf(Volatile.Read(ref _round)));

        public override long GetTimestamp() => GetUtcNow().UtcTicks;
    }
}

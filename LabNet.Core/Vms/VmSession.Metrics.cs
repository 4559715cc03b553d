using System.Text.Json;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>
/// The door for measuring: a QMP connection of its own, so that neither a slow command delays a sample nor samples a command. An attached VM
/// has one socket, and shares it.
/// </summary>
public sealed partial class VmSession
{
    private const string BalloonPath = $"/machine/peripheral/{QemuCommandLine.BalloonId}";

    /// <summary>Seconds between two times that the guest's balloon driver tells its figures.</summary>
    private static readonly JsonElement BalloonPeriod = JsonElement.Parse("2");

    /// <summary>Nanoseconds, in steps of about two: 10 µs to 1 s.</summary>
    private static readonly long[] LatencyBoundaries =
    [
        10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000,
        200_000_000, 500_000_000, 1_000_000_000,
    ];

    private readonly QmpSession? _metricsQmp;
    private object? _metricsEpoch;

    /// <summary>Another object after each connect and each start: counters of two of them are not to be compared.</summary>
    public object? MetricsEpoch => _metricsQmp is null ? _connection : _metricsEpoch;

    /// <summary>Why the disks' latencies cannot be had as histograms; null if they can.</summary>
    public string? WhyNoHistograms { get; private set; }

    /// <summary>The QEMU process on this machine; null while there is none, and of an attached VM.</summary>
    public QemuProcess? Process => _process;

    /// <summary>Asks for something to measure.</summary>
    /// <exception cref="QmpException"/>
    public ValueTask<TReturn> MeasureAsync<TReturn>(QmpCommand<TReturn> query, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(query.Name);
        return (_metricsQmp ?? _qmp).ExecuteAsync(query, cancellationToken);
    }

    /// <inheritdoc cref="MeasureAsync{TReturn}"/>
    public ValueTask<TReturn> MeasureAsync<TArguments, TReturn>(
        QmpCommand<TArguments, TReturn> query, TArguments arguments, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(query.Name);
        return (_metricsQmp ?? _qmp).ExecuteAsync(query, arguments, cancellationToken);
    }

    /// <summary>The answer unread, for who looks first whether it changed.</summary>
    /// <inheritdoc cref="MeasureAsync{TReturn}" path="/exception"/>
    public ValueTask<ReadOnlyMemory<byte>> MeasureRawAsync(string query, CancellationToken cancellationToken)
    {
        ThrowUnlessReading(query);
        return (_metricsQmp ?? _qmp).ExecuteRawAsync(query, arguments: null, cancellationToken);
    }

    /// <summary>What the guest's balloon driver told last, with the time of that; null where there is no balloon of ours.</summary>
    /// <exception cref="QmpException"/>
    public async ValueTask<JsonElement?> MeasureBalloonAsync(CancellationToken cancellationToken) => _metricsQmp is null
        ? null
        : await _metricsQmp.ExecuteAsync(QomCommands.Get, new QomGetArguments(BalloonPath, "guest-stats"), cancellationToken);

    private async Task MetricsLoopAsync(CancellationToken cancellationToken)
    {
        if (_metricsQmp is null)
        {
            return;
        }

        await foreach (var signal in _metricsQmp.ReadSignalsAsync(CancellationToken.None))
        {
            if (signal is QmpSignal.Connected && !cancellationToken.IsCancellationRequested)
            {
                await PrepareMeasuringAsync(_metricsQmp, cancellationToken);
                _metricsEpoch = signal;
            }
        }
    }

    /// <summary>The only two settings that measuring needs. Where QEMU refuses, the figures are missing and nothing else.</summary>
    private async Task PrepareMeasuringAsync(QmpSession qmp, CancellationToken cancellationToken)
    {
        try
        {
            await qmp.ExecuteAsync(QomCommands.Set, new QomSetArguments(BalloonPath, "guest-stats-polling-interval", BalloonPeriod), cancellationToken);
        }
        catch (QmpException e)
        {
            LogNotRead(_state.Name, e.Message);
        }

        try
        {
            foreach (var disk in await qmp.ExecuteAsync(BlockCommands.QueryBlockstats, cancellationToken))
            {
                if (disk.Qdev is { } path)
                {
                    await qmp.ExecuteAsync(BlockCommands.SetLatencyHistogram, new HistogramArguments(path, LatencyBoundaries), cancellationToken);
                }
            }

            WhyNoHistograms = null;
        }
        catch (QmpException e)
        {
            WhyNoHistograms = e.Message;
        }
    }
}

using System.Text.Json;
using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Metrics;

/// <summary>What one QEMU was asked for one sample. What it refused is null and has its reason.</summary>
/// <param name="Epoch">Another object than before: the counters are of another QEMU, or of a restored one.</param>
/// <param name="BlocksAt">A timestamp: when the block statistics were read.</param>
internal sealed record QemuReading(object? Epoch, CpuInfoFast[] Cpus, BlockStats[] Blocks, long BlocksAt)
{
    /// <summary>Null in a fast sample.</summary>
    public FullQemuReading? Full { get; init; }
}

/// <param name="At">A timestamp: when they were read.</param>
/// <param name="Pins">Interrupts by controller and pin.</param>
internal sealed record FullQemuReading(
    long At,
    StatusInfo Status,
    NamedBlockNode[] Nodes,
    MemorySizeSummary Memory,
    BalloonInfo? Balloon,
    JsonElement? GuestMemory,
    IReadOnlyList<(string Pin, long Count)> Pins,
    StatsResult[]? Kvm,
    string? WhyNoBalloon);

/// <summary>The devices on the PCI buses, or their addresses, are others than a moment ago.</summary>
public sealed record PciChanged : EventItem
{
    public override EventNote Note => new(EventKind.Device, "pci", "The PCI devices or their addresses changed.");
}

/// <summary>Asks one QEMU, a command after the other: together they take it about 2 ms.</summary>
internal sealed class QemuReader(VmSession session, TimeProvider time)
{
    /// <summary>What hardly ever changes and is long is asked for in one of so many full readings.</summary>
    private const int SeldomEvery = 5;

    private ReadOnlyMemory<byte> _nodesSaid;
    private NamedBlockNode[] _nodes = [];
    private ReadOnlyMemory<byte> _pciSaid;
    private object? _pciEpoch;
    private CpuInfoFast[] _cpus = [];
    private long _fullReadings;

    /// <summary>Set when the PCI devices changed since the reading before.</summary>
    public bool PciHasChanged { get; private set; }

    /// <param name="isFull">Also what does not change within a second.</param>
    /// <exception cref="QmpException"/>
    public async Task<QemuReading> ReadAsync(bool isFull, CancellationToken cancellationToken)
    {
        var epoch = session.MetricsEpoch;
        if (isFull || _cpus.Length == 0)
        {
            _cpus = await session.MeasureAsync(MachineCommands.QueryCpusFast, cancellationToken);
        }

        var blocks = await session.MeasureAsync(BlockCommands.QueryBlockstats, cancellationToken);
        var reading = new QemuReading(epoch, _cpus, blocks, time.GetTimestamp());
        return isFull ? reading with { Full = await ReadFullAsync(epoch, cancellationToken) } : reading;
    }

    private async Task<FullQemuReading> ReadFullAsync(object? epoch, CancellationToken cancellationToken)
    {
        var status = await session.MeasureAsync(RunStateCommands.QueryStatus, cancellationToken);
        var memory = await session.MeasureAsync(MachineCommands.QueryMemorySizeSummary, cancellationToken);
        PciHasChanged = false;
        if (_fullReadings++ % SeldomEvery == 0)
        {
            await ReadNodesAsync(cancellationToken);
            await LookAtPciAsync(epoch, cancellationToken);
        }

        var (balloon, whyNoBalloon) = await UnlessRefusedAsync(() => session.MeasureAsync(MachineCommands.QueryBalloon, cancellationToken));
        var (guestMemory, whyNoGuestMemory) = await UnlessRefusedAsync(() => session.MeasureBalloonAsync(cancellationToken));
        var (pins, _) = await UnlessRefusedAsync(() => session.MeasureAsync(MachineCommands.QueryIrq, cancellationToken));
        var (kvm, _) = session.State.Accelerator?.Kind == Accelerator.Kvm
            ? await UnlessRefusedAsync(() => session.MeasureAsync(MachineCommands.QueryStats, new StatsTargetArguments("vcpu"), cancellationToken))
            : (null, null);
        return new FullQemuReading(
            time.GetTimestamp(), status, _nodes, memory, balloon, guestMemory, pins is null ? [] : [.. InterruptPins.Parse(pins.Text)], kvm, whyNoBalloon ?? whyNoGuestMemory);
    }

    /// <summary>The largest answer, and nearly always the same as before.</summary>
    private async Task ReadNodesAsync(CancellationToken cancellationToken)
    {
        var said = await session.MeasureRawAsync(BlockCommands.QueryNamedBlockNodes.Name, cancellationToken);
        if (!said.Span.SequenceEqual(_nodesSaid.Span))
        {
            _nodes = QmpValue.Read(said, BlockCommands.QueryNamedBlockNodes);
            _nodesSaid = said;
        }
    }

    private async Task LookAtPciAsync(object? epoch, CancellationToken cancellationToken)
    {
        var said = await session.MeasureRawAsync("query-pci", cancellationToken);
        PciHasChanged = ReferenceEquals(epoch, _pciEpoch) && !said.Span.SequenceEqual(_pciSaid.Span);
        (_pciSaid, _pciEpoch) = (said, epoch);
    }

    private static async Task<(T? Value, string? WhyNot)> UnlessRefusedAsync<T>(Func<ValueTask<T>> ask)
    {
        try
        {
            return (await ask(), null);
        }
        catch (QmpCommandException e)
        {
            return (default, e.Message);
        }
    }
}

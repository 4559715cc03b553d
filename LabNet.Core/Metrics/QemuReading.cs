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
/// <param name="WhyNoPins">Null if there are some.</param>
internal sealed record FullQemuReading(
    long At,
    StatusInfo Status,
    JobInfo[] Jobs,
    NamedBlockNode[] Nodes,
    MemorySizeSummary Memory,
    BalloonInfo? Balloon,
    JsonElement? GuestMemory,
    IReadOnlyList<(string Pin, long Count)> Pins,
    string? WhyNoPins,
    StatsResult[]? Kvm,
    string? WhyNoBalloon);

/// <summary>The devices on the PCI buses, or their addresses, are others than a moment ago.</summary>
public sealed record PciChanged : EventItem
{
    public override EventNote Note => new(EventKind.Device, "pci", "The PCI devices or their addresses changed.");
}

/// <summary>Asks one QEMU, all in one piece.</summary>
internal sealed class QemuReader(VmSession session, TimeProvider time)
{
    private static readonly QmpCommand<StatsResult[]> QueryVcpuStats = MachineCommands.QueryStats.With(new StatsTargetArguments("vcpu"));

    /// <summary>The counters that change fastest come last: what is read last is nearest to the moment that is noted.</summary>
    private static readonly CompleteQmpCommand[] Full =
    [
        RunStateCommands.QueryStatus, MachineCommands.QueryJobs, MachineCommands.QueryCpusFast, MachineCommands.QueryMemorySizeSummary,
        PciCommands.QueryPci, BlockCommands.QueryNamedBlockNodes, MachineCommands.QueryBalloon, MachineCommands.QueryIrq, BlockCommands.QueryBlockstats,
    ];

    private static readonly CompleteQmpCommand[] Fast = [BlockCommands.QueryBlockstats];

    private ReadOnlyMemory<byte> _nodesSaid;
    private NamedBlockNode[] _nodes = [];
    private ReadOnlyMemory<byte> _pciSaid;
    private object? _pciEpoch;
    private CpuInfoFast[] _cpus = [];

    /// <summary>Set when the PCI devices changed since the full reading before.</summary>
    public bool PciHasChanged { get; private set; }

    /// <param name="isFull">Also what does not change within a second.</param>
    /// <exception cref="QmpException"/>
    public async Task<QemuReading> ReadAsync(bool isFull, CancellationToken cancellationToken)
    {
        var epoch = session.MetricsEpoch;
        var replies = await session.MeasureAsync(isFull || _cpus.Length == 0 ? FullCommands() : Fast, cancellationToken);
        var at = time.GetTimestamp();
        var full = replies.Has(RunStateCommands.QueryStatus) ? ReadFull(replies, epoch, at) : null;
        return new QemuReading(epoch, _cpus, replies.Read(BlockCommands.QueryBlockstats), at) { Full = full };
    }

    private CompleteQmpCommand[] FullCommands() =>
    [
        .. session.BalloonQuery is { } balloon ? [balloon] : (CompleteQmpCommand[])[],
        .. session.State.Accelerator?.Kind == Accelerator.Kvm ? [QueryVcpuStats] : (CompleteQmpCommand[])[],
        .. Full,
    ];

    private FullQemuReading ReadFull(QmpReplies replies, object? epoch, long at)
    {
        _cpus = replies.Read(MachineCommands.QueryCpusFast);
        ReadNodes(replies.ReadRaw(BlockCommands.QueryNamedBlockNodes));
        LookAtPci(replies.ReadRaw(PciCommands.QueryPci), epoch);
        var (balloon, whyNoBalloon) = replies.ReadUnlessRefused(MachineCommands.QueryBalloon);
        var (guestMemory, whyNoGuestMemory) = session.BalloonQuery is { } query && replies.Has(query) ? replies.ReadUnlessRefused(query) : (default, null);
        var (pins, whyNoPins) = ReadPins(replies);
        var (kvm, _) = replies.Has(QueryVcpuStats) ? replies.ReadUnlessRefused(QueryVcpuStats) : (null, null);
        return new FullQemuReading(
            at,
            replies.Read(RunStateCommands.QueryStatus),
            replies.Read(MachineCommands.QueryJobs),
            _nodes,
            replies.Read(MachineCommands.QueryMemorySizeSummary),
            balloon,
            guestMemory,
            pins,
            whyNoPins,
            kvm,
            whyNoBalloon ?? whyNoGuestMemory);
    }

    private static (IReadOnlyList<(string Pin, long Count)> Pins, string? WhyNot) ReadPins(QmpReplies replies)
    {
        var (told, whyNot) = replies.ReadUnlessRefused(MachineCommands.QueryIrq);
        (string, long)[] pins = told is null ? [] : [.. InterruptPins.Parse(told.Text)];
        return (pins, whyNot ?? (pins.Length > 0 ? null : "No interrupt controller of this machine counts in QEMU; the guest's own counts are above."));
    }

    /// <summary>The largest answer, and nearly always the same as before.</summary>
    private void ReadNodes(ReadOnlyMemory<byte> said)
    {
        if (!said.Span.SequenceEqual(_nodesSaid.Span))
        {
            _nodes = QmpValue.Read(said, BlockCommands.QueryNamedBlockNodes);
            _nodesSaid = said;
        }
    }

    private void LookAtPci(ReadOnlyMemory<byte> said, object? epoch)
    {
        PciHasChanged = ReferenceEquals(epoch, _pciEpoch) && !said.Span.SequenceEqual(_pciSaid.Span);
        (_pciSaid, _pciEpoch) = (said, epoch);
    }
}

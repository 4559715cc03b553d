using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>
/// The headers of what one NIC sends, from QEMU's file to the table. Only what it sends: on a link each packet is then counted once, by who sent it.
/// QEMU writes whether LabNet is there or not; while nobody reads, the tmpfs fills up and QEMU gives up.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class FlowSource(VmSession vm, VmNic nic, LinkName link, FlowPosition? left) : IDisposable
{
    /// <summary>Ethernet with two tags, IPv6 with some extensions, TCP's ports and flags.</summary>
    private const int HeaderBytes = 128;

    private string? _process;
    private long _dump = left?.Dump ?? 0;
    private DumpTail? _tail;
    private bool _isEnded;

    public CaptureNic Nic { get; } = new(vm.State.Name, nic.Id);

    public LinkName Link { get; } = link;

    /// <summary>How often packets were missed.</summary>
    public long Gaps { get; private set; }

    /// <summary>Null while nothing is read.</summary>
    public FlowPosition? Position => _tail is null || _process is null ? null : new FlowPosition(Nic, _process, _dump, _tail.Offset, _tail.Clock.OffsetNs);

    private string Dump => $"labnet-flows-{nic.Id}";

    /// <summary>Sees to it that QEMU writes.</summary>
    /// <exception cref="QmpException"/>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (vm.WhyNoTraffic is not null || vm.State.Connection is not QmpLinkState.Connected || vm.Process is not { } process)
        {
            return;
        }

        if (_tail is not null && _process == process.Note)
        {
            if (Host.HasOpen(process, _tail.Path) && !_tail.IsDamaged)
            {
                return;
            }

            Gaps++;
        }
        else if (_tail is null && left is { } known && known.Process == process.Note && Host.HasOpen(process, PathOf(known.Dump)))
        {
            Follow(known.Process, known.Dump, known.Offset);
            _tail!.Clock.Set(known.ClockNs);
            return;
        }

        await BeginAsync(process, cancellationToken);
    }

    /// <summary>Hands on what is there.</summary>
    /// <param name="add">Gets the key, the bytes of the frame and its time.</param>
    /// <returns>Whether there may be more at once.</returns>
    public bool Read(Action<FlowKey, int, long> add)
    {
        if (_tail is null)
        {
            return false;
        }

        if (vm.State.RunState != RunState.Running)
        {
            _tail.Clock.Doubt();
        }

        return _tail.Read((PcapRecord record, long timeNs) =>
        {
            add(FlowKey.Of(PacketParser.Parse(record.Frame)), record.OriginalBytes, timeNs);
            return true;
        });
    }

    /// <summary>What is counted for good needs no place any more.</summary>
    public void Free(FlowPosition kept)
    {
        if (_dump == kept.Dump && _process == kept.Process)
        {
            _tail?.FreeTo(kept.Offset);
        }
    }

    /// <summary>Lets QEMU write nothing any more.</summary>
    /// <exception cref="QmpException"/>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_isEnded || vm.State.Connection is not QmpLinkState.Connected)
        {
            return;
        }

        await vm.RemoveDumpAsync(Dump, cancellationToken);
        _isEnded = true;
        if (_tail is { } tail)
        {
            _tail = null;
            tail.Dispose();
            File.Delete(tail.Path);
        }
    }

    public void Dispose() => _tail?.Dispose();

    private async Task BeginAsync(QemuProcess process, CancellationToken cancellationToken)
    {
        await vm.RemoveDumpAsync(Dump, cancellationToken);
        _tail?.Dispose();
        _tail = null;
        foreach (var old in Directory.GetFiles(vm.Paths.TrafficFolder, $"{Dump}.*"))
        {
            File.Delete(old);
        }

        var number = _dump + 1;
        await vm.AddDumpAsync(Dump, nic.Netdev, "rx", PathOf(number), HeaderBytes, cancellationToken);
        Follow(process.Note, number, offset: 0);
    }

    private void Follow(string process, long dump, long offset)
    {
        (_process, _dump, _isEnded) = (process, dump, false);
        _tail = new DumpTail(PathOf(dump), offset, vm.DumpsHaveVnetHeaders && EtherAddress.Parse(nic.Mac) is { } address ? new VnetHeader(address) : null);
    }

    private string PathOf(long dump) => Path.Join(vm.Paths.TrafficFolder, $"{Dump}.{dump}");
}

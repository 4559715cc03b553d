using System.Buffers;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>One NIC's part of a capture, while it goes on.</summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class CapturePartRun : IDisposable
{
    private readonly VmSession _vm;
    private readonly CaptureFilter _filter;
    private readonly CaptureFile _file;
    private readonly ArrayBufferWriter<byte> _taken = new();
    private DumpTail _tail;
    private int _era;

    /// <exception cref="IOException"/>
    public CapturePartRun(VmSession vm, CapturePart part, CaptureFilter filter, string folder, int number)
    {
        (_vm, _filter, Part) = (vm, filter, part);
        _file = CaptureFile.Open(folder, number);
        _tail = Follow(_file.Note);
        Count();
    }

    public CapturePart Part { get; private set; }

    private CaptureNote Note => _file.Note;

    /// <summary>Whether the QEMU that it began in is still there.</summary>
    private bool IsSameQemu => _vm.Process is { } process && process.Note == Part.Process && process.IsAlive;

    /// <summary>Lets QEMU write.</summary>
    /// <exception cref="VmConflictException">The NIC is not there.</exception>
    /// <exception cref="QmpException"/>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        var nic = _vm.Nics.FirstOrDefault(one => one.Id == Part.Nic.Nic) ?? throw new VmConflictException($"{Part.Nic.Vm} has no NIC {Part.Nic.Nic} any more.");
        Directory.CreateDirectory(_vm.Paths.TrafficFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await _vm.AddDumpAsync(Part.Dump, nic.Netdev, "all", _tail.Path, bytesMax: null, cancellationToken);
    }

    /// <summary>Takes over what QEMU has written by now, some hundred kilobytes at most.</summary>
    /// <param name="room">So many bytes may be kept; less when this ends.</param>
    /// <param name="untilNs">Packets that passed later do not belong to it; null for all.</param>
    /// <param name="isFull">Whether a packet had no room.</param>
    /// <returns>Whether there may be more at once.</returns>
    /// <exception cref="IOException">The disk is full.</exception>
    public bool Take(ref long room, long? untilNs, out bool isFull)
    {
        if (_vm.State.RunState != RunState.Running)
        {
            _tail.Clock.Doubt();
        }

        _taken.ResetWrittenCount();
        var (packets, filteredOut, left, over) = (0L, 0L, room, false);
        var hasMore = _tail.Read((PcapRecord record, long timeNs) =>
        {
            if (timeNs > untilNs || (!_filter.IsAll && !_filter.Matches(PacketParser.Parse(record.Frame), record.OriginalBytes)))
            {
                filteredOut += timeNs > untilNs ? 0 : 1;
                return true;
            }

            if (record.FileBytes > left)
            {
                over = true;
                return false;
            }

            PcapFormat.WriteRecordHeader(_taken.GetSpan(PcapFormat.RecordHeaderBytes), record.TimeNs, record.Frame.Length, record.OriginalBytes);
            _taken.Advance(PcapFormat.RecordHeaderBytes);
            _taken.Write(record.Frame);
            left -= record.FileBytes;
            packets++;
            return true;
        });
        (room, isFull) = (left, over);
        if (_tail.Offset != Note.Offset)
        {
            _file.Append(
                _taken.WrittenSpan,
                Note with { Offset = _tail.Offset, Packets = Note.Packets + packets, FilteredOut = Note.FilteredOut + filteredOut, ClockNs = _tail.Clock.OffsetNs },
                beginsEra: _tail.Clock.Era != _era);
            _era = _tail.Clock.Era;
            _tail.FreeTo(Note.Offset);
            Count();
        }

        return hasMore && !over;
    }

    /// <summary>Looks whether QEMU still writes; where it had given up it begins anew.</summary>
    /// <returns>How the part ended; null if it goes on.</returns>
    public async Task<CaptureEnd?> LookAsync(CancellationToken cancellationToken)
    {
        if (!IsSameQemu)
        {
            return CaptureEnd.VmGone;
        }

        if ((Host.HasOpen(_vm.Process!, _tail.Path) && !_tail.IsDamaged) || _vm.State.Connection is not QmpLinkState.Connected)
        {
            return null;
        }

        if (_vm.Nics.All(nic => nic.Id != Part.Nic.Nic))
        {
            return CaptureEnd.NicGone;
        }

        var isFirst = !File.Exists(_tail.Path);
        await _vm.RemoveDumpAsync(Part.Dump, cancellationToken);
        if (!isFirst)
        {
            _tail.Dispose();
            File.Delete(_tail.Path);
            _file.Append([], Note with { Dump = Note.Dump + 1, Offset = 0, Gaps = Note.Gaps + 1, ClockNs = 0 }, beginsEra: false);
            _tail = Follow(Note);
            Count();
        }

        await BeginAsync(cancellationToken);
        return null;
    }

    /// <summary>Lets QEMU end it, however long it does not answer; nothing of it stays in QEMU.</summary>
    public async Task ReleaseAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(200);
        while (IsSameQemu)
        {
            try
            {
                await _vm.RemoveDumpAsync(Part.Dump, cancellationToken);
                return;
            }
            catch (QmpException)
            {
                // A QEMU that saves a snapshot answers nobody for a while.
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    /// <summary>What is kept is all that there is: the file is whole, and QEMU's is removed.</summary>
    public void End(CaptureEnd why)
    {
        _file.Cut();
        Part = Part with { End = why };
        _tail.Dispose();
        File.Delete(_tail.Path);
    }

    public void Dispose()
    {
        _tail.Dispose();
        _file.Dispose();
    }

    private void Count() => Part = Part with
    {
        Packets = Note.Packets,
        Bytes = Note.Length - PcapFormat.HeaderBytes,
        FilteredOut = Note.FilteredOut,
        Gaps = (int)Note.Gaps,
    };

    private DumpTail Follow(CaptureNote note)
    {
        var nic = _vm.Nics.FirstOrDefault(one => one.Id == Part.Nic.Nic);
        var tail = new DumpTail(
            Path.Join(_vm.Paths.TrafficFolder, $"{Part.Dump}.{note.Dump}"),
            note.Offset,
            nic?.Link is not null && _vm.DumpsHaveVnetHeaders && EtherAddress.Parse(nic.Mac) is { } address ? new VnetHeader(address) : null);
        _era = tail.Clock.Era;
        if (note.ClockNs != 0)
        {
            tail.Clock.Set(note.ClockNs);
        }

        return tail;
    }
}

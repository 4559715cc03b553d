namespace LabNet.Core.Traffic;

/// <summary>
/// What the wall clock was when QEMU wrote a packet. <c>filter-dump</c> counts by QEMU's virtual clock: it stands while the VM is paused, jumps
/// when a snapshot is loaded, and is moved by the time of the dump's begin in whole seconds (net/dump.c of QEMU 7.2 to 10.0). But the kernel notes when
/// the file was written last: the last packet in it was written then.
/// </summary>
internal sealed class DumpClock
{
    /// <summary>A QEMU that was held up between reading its clock and writing is late by less than that.</summary>
    private const long LateNs = 50_000_000;

    /// <summary>So many late ones in a row are none: the VM stood still in between.</summary>
    private const int LateMax = 3;

    private bool _isInDoubt = true;
    private int _late;
    private long _leastLateNs;
    private long _lastNs;

    /// <summary>What is to be added to a packet's time.</summary>
    public long OffsetNs { get; private set; }

    public bool IsSet { get; private set; }

    /// <summary>
    /// Grows where QEMU's clock stood or jumped. Within one era a better <see cref="OffsetNs"/> holds for all packets of it, those from before too: their
    /// distances are QEMU's.
    /// </summary>
    public int Era { get; private set; }

    /// <summary>Goes on with what an earlier LabNet knew.</summary>
    public void Set(long offsetNs) => (OffsetNs, IsSet, _isInDoubt) = (offsetNs, true, false);

    /// <summary>The VM stood still, or was brought back to another time: the next sample counts as it is.</summary>
    public void Doubt() => _isInDoubt = true;

    /// <param name="writtenNs">When the file was written last.</param>
    /// <param name="packetNs">The time of the last packet in it.</param>
    public void Sample(long writtenNs, long packetNs)
    {
        var offset = writtenNs - packetNs;
        if (_isInDoubt)
        {
            Era++;
            (OffsetNs, IsSet, _isInDoubt, _late) = (offset, true, false, 0);
        }
        else if (offset < OffsetNs)
        {
            // A packet is written after its time was taken, never before: the smallest is the nearest.
            (OffsetNs, _late) = (offset, 0);
        }
        else if (offset < OffsetNs + LateNs)
        {
            _late = 0;
        }
        else
        {
            _leastLateNs = _late == 0 ? offset : Math.Min(_leastLateNs, offset);
            if (++_late == LateMax)
            {
                Era++;
                (OffsetNs, _late) = (_leastLateNs, 0);
            }
        }
    }

    /// <summary>Never before the packet before it.</summary>
    public long WallNs(long packetNs) => _lastNs = Math.Max(_lastNs, packetNs + OffsetNs);
}

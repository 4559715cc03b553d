using LabNet.Core.Hosts;
using Microsoft.Win32.SafeHandles;

namespace LabNet.Core.Traffic;

/// <summary>Takes a packet that was read.</summary>
/// <param name="timeNs">When it passed: UTC nanoseconds since 1970.</param>
/// <returns>False if it was not taken and no more is wanted.</returns>
internal delegate bool DumpVisitor(PcapRecord record, long timeNs);

/// <summary>
/// Reads the file that a <c>filter-dump</c> of QEMU writes, while it grows, record by record. What was read is given back to the tmpfs that it
/// lies on: QEMU writes on at its end and knows nothing of that, so that there is nothing to rotate, nothing to lose at it and nothing to count twice.
/// </summary>
/// <param name="vnet">Where something may stand in front of the frames.</param>
/// <remarks>For one thread at a time.</remarks>
internal sealed class DumpTail(string path, long offset, VnetHeader? vnet = null) : IDisposable
{
    /// <summary>One record always fits.</summary>
    private const int ReadBytes = PcapFormat.CapturedBytesMax * 2;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(ReadBytes);
    private SafeFileHandle? _file;
    private PcapFormat? _format;
    private long _freed;

    public DumpClock Clock { get; } = new();

    public string Path { get; } = path;

    /// <summary>Up to here it was read and taken.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Whether something stands there that can be no packet: nothing behind it can be found.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>Hands on what is there by now; some hundred kilobytes a call at most.</summary>
    /// <returns>Whether there may be more at once.</returns>
    /// <exception cref="IOException"/>
    public bool Read(DumpVisitor visit)
    {
        if (IsDamaged || Host.Glimpse(Path) is not { } glance || glance.Bytes <= Offset || !Open(glance.Bytes))
        {
            return false;
        }

        if (!Clock.IsSet && glance.Bytes - Offset > ReadBytes)
        {
            SampleFarEnd(glance);
        }

        var bytes = Fill(Offset, glance.Bytes);
        var (end, last) = Measure(bytes);
        if (last is { } packetNs && (Offset + end == glance.Bytes || !Clock.IsSet))
        {
            Clock.Sample(glance.WrittenNs, packetNs);
        }

        var read = 0;
        while (read < end && _format!.Value.TryReadRecord(bytes[read..end], out var record, out _) && visit(Plain(record), Clock.WallNs(record.TimeNs)))
        {
            read += record.FileBytes;
        }

        Offset += read;
        return read > 0 && Offset < glance.Bytes;
    }

    /// <summary>Gives back what lies before a place.</summary>
    public void FreeTo(long toOffset)
    {
        // Every call costs the kernel something, also one that frees nothing.
        const long Worthwhile = 256 << 10;
        if (_file is not null && toOffset - _freed >= Worthwhile)
        {
            Host.FreeBegin(_file, toOffset);
            _freed = toOffset;
        }
    }

    public void Dispose() => _file?.Dispose();

    private bool Open(long length)
    {
        _file ??= File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (_format is null)
        {
            if (length < PcapFormat.HeaderBytes)
            {
                return false;
            }

            // The header is in a page that may be freed by now; which format QEMU writes is known all the same.
            _format = Offset < PcapFormat.HeaderBytes && PcapFormat.TryReadHeader(Fill(0, PcapFormat.HeaderBytes), out var format) ? format : PcapFormat.Coarse;
            Offset = Math.Max(Offset, PcapFormat.HeaderBytes);
        }

        return length > Offset;
    }

    private Span<byte> Fill(long from, long to)
    {
        var wanted = _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, to - from));
        var filled = 0;
        while (filled < wanted.Length && RandomAccess.Read(_file!, wanted[filled..], from + filled) is > 0 and var read)
        {
            filled += read;
        }

        return wanted[..filled];
    }

    private PcapRecord Plain(PcapRecord record)
    {
        var before = vnet?.LengthOf(record.Frame) ?? 0;
        return before == 0 ? record : new PcapRecord(record.TimeNs, record.OriginalBytes - before, record.Frame[before..]);
    }

    /// <returns>Where the last whole record ends, and its time.</returns>
    private (int End, long? LastNs) Measure(ReadOnlySpan<byte> bytes)
    {
        var end = 0;
        long? last = null;
        bool isDamaged;
        while (_format!.Value.TryReadRecord(bytes[end..], out var record, out isDamaged))
        {
            end += record.FileBytes;
            last = record.TimeNs;
        }

        IsDamaged = isDamaged && end == 0;
        return (end, last);
    }

    /// <summary>Of the first packets that are read much later nothing else tells when they were.</summary>
    private void SampleFarEnd(FileGlance glance)
    {
        var at = Offset;
        while (at < glance.Bytes && Measure(Fill(at, glance.Bytes)) is { End: > 0, LastNs: { } last } measured)
        {
            at += measured.End;
            if (at == glance.Bytes)
            {
                Clock.Sample(glance.WrittenNs, last);
            }
        }
    }
}

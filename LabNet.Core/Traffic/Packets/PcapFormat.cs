using System.Buffers.Binary;

namespace LabNet.Core.Traffic;

/// <summary>
/// The older capture format, which QEMU writes (draft-ietf-opsawg-pcap):
/// <code>
/// file   = MAGIC(4) MAJOR(2) MINOR(2) ZONE(4) FIGURES(4) SNAPLEN(4) LINKTYPE(4) *record
/// record = SECONDS(4) FRACTION(4) CAPTURED(4) ORIGINAL(4) *BYTE        ; so many bytes as were captured
/// </code>
/// Numbers are in the order of bytes of this machine, because it wrote them.
/// </summary>
/// <param name="TicksToNs">What one of a record's fractions of a second is, in nanoseconds.</param>
public readonly record struct PcapFormat(int TicksToNs)
{
    public const int HeaderBytes = 24;
    public const int RecordHeaderBytes = 16;

    /// <summary>Nobody's frame is larger; what says so is no record.</summary>
    public const int CapturedBytesMax = 256 << 10;

    private const uint Microseconds = 0xa1b2c3d4;
    private const uint Nanoseconds = 0xa1b23c4d;
    private const uint Ethernet = 1;
    private const long NsPerSecond = 1_000_000_000;

    /// <summary>How QEMU writes it.</summary>
    public static PcapFormat Coarse { get; } = new(TicksToNs: 1000);

    /// <summary>How LabNet itself writes it.</summary>
    public static PcapFormat Fine { get; } = new(TicksToNs: 1);

    /// <param name="bytes">The file's begin.</param>
    /// <returns>False if it is none, or cut short.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> bytes, out PcapFormat format)
    {
        format = default;
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != Ethernet)
        {
            return false;
        }

        var ticks = BinaryPrimitives.ReadUInt32LittleEndian(bytes) switch
        {
            Microseconds => 1000,
            Nanoseconds => 1,
            _ => 0,
        };
        format = new PcapFormat(ticks);
        return ticks > 0;
    }

    /// <summary>The begin of a file of <see cref="Fine"/>.</summary>
    public static void WriteHeader(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Nanoseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], 4);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], CapturedBytesMax);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], Ethernet);
    }

    /// <summary>The next record, if all of it is there.</summary>
    /// <param name="bytes">From a record's begin on.</param>
    /// <param name="isDamaged">Whether what stands here can be no record, whatever follows.</param>
    public bool TryReadRecord(ReadOnlySpan<byte> bytes, out PcapRecord record, out bool isDamaged)
    {
        record = default;
        isDamaged = false;
        if (bytes.Length < RecordHeaderBytes)
        {
            return false;
        }

        var captured = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        var original = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        if (captured > CapturedBytesMax || original < captured || original > int.MaxValue)
        {
            isDamaged = true;
            return false;
        }

        if (bytes.Length < RecordHeaderBytes + captured)
        {
            return false;
        }

        var time = (BinaryPrimitives.ReadUInt32LittleEndian(bytes) * NsPerSecond) + ((long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) * TicksToNs);
        record = new PcapRecord(time, (int)original, bytes.Slice(RecordHeaderBytes, (int)captured));
        return true;
    }

    /// <summary>The head of a record of <see cref="Fine"/>; its bytes follow.</summary>
    /// <param name="timeNs">UTC nanoseconds since 1970, until the year 2106.</param>
    public static void WriteRecordHeader(Span<byte> bytes, long timeNs, int captured, int original)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)(timeNs / NsPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], (uint)(timeNs % NsPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], (uint)captured);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], (uint)original);
    }
}

/// <summary>A packet of a capture file.</summary>
/// <param name="timeNs">By the file's clock, nanoseconds since 1970.</param>
/// <param name="originalBytes">Of the whole frame, of which <paramref name="frame"/> may be the begin only.</param>
/// <param name="frame">As far as it was captured.</param>
public readonly ref struct PcapRecord(long timeNs, int originalBytes, ReadOnlySpan<byte> frame)
{
    public long TimeNs { get; } = timeNs;

    public int OriginalBytes { get; } = originalBytes;

    public ReadOnlySpan<byte> Frame { get; } = frame;

    /// <summary>What the record takes in its file.</summary>
    public int FileBytes => PcapFormat.RecordHeaderBytes + Frame.Length;
}

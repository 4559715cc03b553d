using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LabNet.Core.Traffic;

/// <summary>How far a part of a capture has come.</summary>
/// <param name="Dump">Which of QEMU's files it reads, from 1: a new one where QEMU had given up the one before.</param>
/// <param name="Offset">Up to here that file is read.</param>
/// <param name="Length">So long is what was kept of it.</param>
/// <param name="ClockNs">See <see cref="DumpClock.OffsetNs"/>; 0 while it is not known.</param>
internal readonly record struct CaptureNote(long Dump, long Offset, long Length, long Packets, long FilteredOut, long Gaps, long ClockNs)
{
    public static CaptureNote First { get; } = new(1, 0, PcapFormat.HeaderBytes, 0, 0, 0, 0);
}

/// <summary>
/// The packets that were kept of one NIC, and beside them a note of how far they reach. The note is written behind the packets that it tells of; a
/// LabNet that is killed in between leaves packets that the note does not know, which the next one cuts off and reads anew: none is lost, none twice.
/// </summary>
internal sealed class CaptureFile : IDisposable
{
    private const int NoteBytes = 7 * sizeof(long);

    private readonly SafeFileHandle _packets;
    private readonly SafeFileHandle _note;

    private CaptureFile(SafeFileHandle packets, SafeFileHandle note) => (_packets, _note) = (packets, note);

    public CaptureNote Note { get; private set; } = CaptureNote.First;

    public static string PathOf(string folder, int part) => Path.Join(folder, $"{part}.pcap");

    /// <summary>Goes on where it ended, or begins.</summary>
    /// <exception cref="IOException"/>
    public static CaptureFile Open(string folder, int part)
    {
        var packets = File.OpenHandle(PathOf(folder, part), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        var file = new CaptureFile(packets, File.OpenHandle(Path.Join(folder, $"{part}.note"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete));
        file.Recover();
        return file;
    }

    /// <exception cref="IOException">The disk is full; what was kept before stays.</exception>
    public void Append(ReadOnlySpan<byte> records, CaptureNote next)
    {
        if (!records.IsEmpty)
        {
            RandomAccess.Write(_packets, records, Note.Length);
        }

        WriteNote(next with { Length = Note.Length + records.Length });
    }

    /// <summary>Takes away what is behind the note.</summary>
    public void Cut() => RandomAccess.SetLength(_packets, Note.Length);

    public void Dispose()
    {
        _packets.Dispose();
        _note.Dispose();
    }

    private void Recover()
    {
        Span<byte> bytes = stackalloc byte[NoteBytes];
        if (RandomAccess.Read(_note, bytes, 0) == NoteBytes && BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) <= RandomAccess.GetLength(_packets))
        {
            Note = new CaptureNote(Number(bytes, 0), Number(bytes, 1), Number(bytes, 2), Number(bytes, 3), Number(bytes, 4), Number(bytes, 5), Number(bytes, 6));
        }
        else
        {
            Span<byte> header = stackalloc byte[PcapFormat.HeaderBytes];
            PcapFormat.WriteHeader(header);
            RandomAccess.Write(_packets, header, 0);
            WriteNote(CaptureNote.First);
        }

        Cut();

        static long Number(ReadOnlySpan<byte> bytes, int place) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(place * sizeof(long))..]);
    }

    /// <summary>In one write: a kill leaves the old one or the new one.</summary>
    private void WriteNote(CaptureNote note)
    {
        Span<byte> bytes = stackalloc byte[NoteBytes];
        long[] numbers = [note.Dump, note.Offset, note.Length, note.Packets, note.FilteredOut, note.Gaps, note.ClockNs];
        for (var place = 0; place < numbers.Length; place++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(place * sizeof(long))..], numbers[place]);
        }

        RandomAccess.Write(_note, bytes, 0);
        Note = note;
    }
}

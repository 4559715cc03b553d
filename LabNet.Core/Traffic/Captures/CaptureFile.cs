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

/// <summary>Packets that QEMU stamped by one run of its clock.</summary>
/// <param name="Begin">Where the first of them stands in the file; the next era's begin ends it.</param>
/// <param name="OffsetNs">What is to be added to their times: the best that is known of it, for all of them.</param>
internal readonly record struct CaptureEra(long Begin, long OffsetNs);

/// <summary>
/// The packets that were kept of one NIC, with QEMU's own times, and beside them a note of how far they reach and what the wall clock was. The note is written behind the packets that it tells of; a
/// LabNet that is killed in between leaves packets that the note does not know, which the next one cuts off and reads anew: none is lost, none twice.
/// </summary>
internal sealed class CaptureFile : IDisposable
{
    private const int Numbers = 7;

    /// <summary>The note has to be written in one go. A VM that is paused more often keeps its distances from there on, and not the length of its pauses.</summary>
    private const int ErasMax = 200;
    private const int NoteBytesMax = (Numbers + 1 + (2 * ErasMax)) * sizeof(long);

    private readonly SafeFileHandle _packets;
    private readonly SafeFileHandle _note;
    private readonly List<CaptureEra> _eras = [];

    private CaptureFile(SafeFileHandle packets, SafeFileHandle note) => (_packets, _note) = (packets, note);

    public CaptureNote Note { get; private set; } = CaptureNote.First;

    public static string PathOf(string folder, int part) => Path.Join(folder, $"{part}.pcap");

    private static string NotePathOf(string folder, int part) => Path.Join(folder, $"{part}.note");

    /// <summary>Goes on where it ended, or begins.</summary>
    /// <exception cref="IOException"/>
    public static CaptureFile Open(string folder, int part)
    {
        var packets = File.OpenHandle(PathOf(folder, part), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        var file = new CaptureFile(packets, File.OpenHandle(NotePathOf(folder, part), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete));
        file.Recover();
        return file;
    }

    /// <summary>The eras of a part's packets, oldest first; empty of one that has none yet.</summary>
    /// <exception cref="IOException"/>
    public static IReadOnlyList<CaptureEra> ReadEras(string folder, int part)
    {
        using var note = File.OpenHandle(NotePathOf(folder, part), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var eras = new List<CaptureEra>();
        ReadNote(note, eras);
        return eras;
    }

    /// <param name="beginsEra">Whether the records are stamped by another run of QEMU's clock than those before.</param>
    /// <exception cref="IOException">The disk is full; what was kept before stays.</exception>
    public void Append(ReadOnlySpan<byte> records, CaptureNote next, bool beginsEra)
    {
        if (beginsEra && _eras.Count < ErasMax)
        {
            _eras.Add(new CaptureEra(Note.Length, next.ClockNs));
        }
        else if (_eras.Count > 0 && next.ClockNs != 0)
        {
            _eras[^1] = _eras[^1] with { OffsetNs = next.ClockNs };
        }

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
        if (ReadNote(_note, _eras) is { } note && note.Length <= RandomAccess.GetLength(_packets))
        {
            Note = note;
        }
        else
        {
            _eras.Clear();
            Span<byte> header = stackalloc byte[PcapFormat.HeaderBytes];
            PcapFormat.WriteHeader(header);
            RandomAccess.Write(_packets, header, 0);
            WriteNote(CaptureNote.First);
        }

        Cut();
    }

    /// <returns>Null where none is written yet.</returns>
    private static CaptureNote? ReadNote(SafeFileHandle file, List<CaptureEra> eras)
    {
        Span<byte> bytes = stackalloc byte[NoteBytesMax];
        var read = RandomAccess.Read(file, bytes, 0);
        if (read < Numbers * sizeof(long))
        {
            return null;
        }

        var count = read >= (Numbers + 1) * sizeof(long) ? Math.Min(Number(bytes, Numbers), (read / sizeof(long) - Numbers - 1) / 2) : 0;
        for (var era = 0; era < count; era++)
        {
            eras.Add(new CaptureEra(Number(bytes, Numbers + 1 + (2 * era)), Number(bytes, Numbers + 2 + (2 * era))));
        }

        return new CaptureNote(Number(bytes, 0), Number(bytes, 1), Number(bytes, 2), Number(bytes, 3), Number(bytes, 4), Number(bytes, 5), Number(bytes, 6));

        static long Number(ReadOnlySpan<byte> bytes, int place) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(place * sizeof(long))..]);
    }

    /// <summary>In one write: a kill leaves the old one or the new one.</summary>
    private void WriteNote(CaptureNote note)
    {
        Span<byte> bytes = stackalloc byte[NoteBytesMax];
        long[] numbers =
        [
            note.Dump, note.Offset, note.Length, note.Packets, note.FilteredOut, note.Gaps, note.ClockNs, _eras.Count,
            .. _eras.SelectMany(era => (long[])[era.Begin, era.OffsetNs]),
        ];
        for (var place = 0; place < numbers.Length; place++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(place * sizeof(long))..], numbers[place]);
        }

        RandomAccess.Write(_note, bytes[..(numbers.Length * sizeof(long))], 0);
        Note = note;
    }
}

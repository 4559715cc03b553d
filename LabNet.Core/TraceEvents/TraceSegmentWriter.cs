using System.Buffers;
using LabNet.Core.Storage;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Writes a segment: some thousands of events of one VM in the order in which they were read, column by column, compressed (<see cref="Packed"/>):
/// <code>
/// segment   = %x01 COUNT TEXTS { text } THREADS { thread } EVENTS { event } rows { values }
/// text      = BYTES utf-8
/// thread    = ID VCPU              ; zig-zag; a vCPU's number, or -1 for a thread of QEMU's own
/// event     = name COUNT FLAGS ARGUMENTS { name type KIND }      ; names and types are texts; FLAGS: 1 typed, 2 ends requests
/// rows      = events times threads sequences                     ; the event's place above, ns since the earliest, the thread's place above
/// values    = { column } [ column ]; for each event above: its arguments of its rows; with flag 2 the requests' ns, -1 where not known
/// column    = BYTES packed
/// </code>
/// Numbers are varints, packed columns <see cref="IntegerColumn"/>. The value of an argument of kind text is the text's place. A column's
/// length stands before it, so that a reader unpacks only those that it needs.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSegmentWriter
{
    public const byte Version = 1;
    public const int IsTyped = 1;
    public const int EndsRequests = 2;

    private readonly ArrayBufferWriter<byte> _plain = new();
    private readonly ArrayBufferWriter<byte> _column = new();

    public void Begin(int count)
    {
        _plain.ResetWrittenCount();
        _plain.Write([Version]);
        Varint.Write(_plain, (ulong)count);
    }

    public void Texts(IReadOnlyList<byte[]> texts)
    {
        Varint.Write(_plain, (ulong)texts.Count);
        foreach (var text in texts)
        {
            Varint.Write(_plain, (ulong)text.Length);
            _plain.Write(text);
        }
    }

    public void Threads(IReadOnlyList<TraceThread> threads)
    {
        Varint.Write(_plain, (ulong)threads.Count);
        foreach (var thread in threads)
        {
            Varint.Write(_plain, Varint.ZigZag(thread.Id));
            Varint.Write(_plain, Varint.ZigZag(thread.Vcpu ?? -1));
        }
    }

    public void Events(int count) => Varint.Write(_plain, (ulong)count);

    /// <param name="words">Places of <see cref="TraceEventRows.Words"/> among the texts.</param>
    public void Event(TraceEventType type, long[] words, int count, bool endsRequests)
    {
        Varint.Write(_plain, (ulong)words[0]);
        Varint.Write(_plain, (ulong)count);
        Varint.Write(_plain, (type.IsTyped ? IsTyped : 0UL) | (endsRequests ? EndsRequests : 0UL));
        Varint.Write(_plain, (ulong)type.Arguments.Length);
        for (var number = 0; number < type.Arguments.Length; number++)
        {
            Varint.Write(_plain, (ulong)words[(number * 2) + 1]);
            Varint.Write(_plain, (ulong)words[(number * 2) + 2]);
            Varint.Write(_plain, (ulong)type.Arguments[number].Kind);
        }
    }

    public void Column(ReadOnlySpan<long> values)
    {
        _column.ResetWrittenCount();
        IntegerColumn.Write(_column, values);
        EndColumn();
    }

    /// <summary>A column of nanoseconds.</summary>
    public void Times(ReadOnlySpan<long> values)
    {
        _column.ResetWrittenCount();
        IntegerColumn.WriteTimes(_column, values);
        EndColumn();
    }

    public byte[] End() => Packed.Pack(_plain.WrittenSpan);

    private void EndColumn()
    {
        Varint.Write(_plain, (ulong)_column.WrittenCount);
        _plain.Write(_column.WrittenSpan);
    }
}

using System.Buffers.Binary;
using System.Text;
using LabNet.Core.TraceEvents;

namespace LabNet.Bench;

/// <summary>
/// A recording in the binary form of QEMU's trace backend <c>simple</c>, version 4 (trace/simple.c and scripts/simpletrace.py of QEMU): packed, in
/// the machine's byte order, here the little end first.
/// <code>
/// file    = u64 2^64-1, u64 MAGIC, u64 4, *( mapping / event )
/// mapping = u64 0, u64 id, u32 length, name
/// event   = u64 1, u64 id, u64 nanoseconds, u32 length, u32 process, *argument  ; the length begins at the id
/// argument = u64 / u32 length, text                                             ; all that are declared, in that order
/// </code>
/// A reader finds an event's declaration by the name that its id is mapped to.
/// </summary>
internal sealed class SimpletraceFile
{
    private const ulong HeaderId = ulong.MaxValue, Magic = 0xf2b1_77cb_0aa4_29b4, Version = 4;
    private const ulong MappingRecord = 0, EventRecord = 1;
    private const int TimeOffset = 16, LengthOffset = 24;
    private const long NsPerUs = 1000;

    private readonly byte[] _head;
    private readonly (long AtUs, byte[] Record)[] _events;

    public SimpletraceFile(RecordedTraceLog recorded, TraceCatalogue catalogue)
    {
        var ids = new Dictionary<string, ulong>(StringComparer.Ordinal);
        _events = [.. recorded.Lines.Select(line => (line.AtUs, RecordOf(line.Thread, line.Text, catalogue, ids)))];
        _head = HeadOf(ids);
    }

    /// <summary>What stands before the events.</summary>
    public void WriteHead(Stream to) => to.Write(_head);

    /// <summary>All events of a round, at the times that <see cref="RecordedTraceLog.Write"/> gives them.</summary>
    /// <param name="roundUs">When the round begins, microseconds since 1970.</param>
    public void Write(Stream to, long roundUs)
    {
        var shift = roundUs - _events[0].AtUs;
        foreach (var (atUs, record) in _events)
        {
            BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(TimeOffset), (atUs + shift) * NsPerUs);
            to.Write(record);
        }
    }

    private static byte[] HeadOf(Dictionary<string, ulong> ids)
    {
        using var head = new MemoryStream();
        using var writer = new BinaryWriter(head);
        writer.Write(HeaderId);
        writer.Write(Magic);
        writer.Write(Version);
        foreach (var (name, id) in ids)
        {
            writer.Write(MappingRecord);
            writer.Write(id);
            WriteText(writer, Encoding.UTF8.GetBytes(name));
        }

        return head.ToArray();
    }

    private static byte[] RecordOf(int thread, string line, TraceCatalogue catalogue, Dictionary<string, ulong> ids)
    {
        var (name, text) = line.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? (line[..end], line[(end + 1)..]) : (line, "");
        var (values, texts) = (new long[TraceLogReader.ArgumentsMax], new TraceTexts());
        if (catalogue.FindFormat(name) is not { Type.IsTyped: true } format || !format.TryRead(Encoding.UTF8.GetBytes(text), values, texts))
        {
            throw new FormatException($"\"{line}\" is none of the events that this QEMU declares.");
        }

        if (!ids.TryGetValue(name, out var id))
        {
            ids[name] = id = (ulong)ids.Count;
        }

        using var record = new MemoryStream();
        using var writer = new BinaryWriter(record);
        writer.Write(EventRecord);
        writer.Write(id);
        writer.Write(0L); // The time and the length are known later.
        writer.Write(0);

        // QEMU writes its process here. The log tells the thread instead, and both forms are to say the same.
        writer.Write(thread);
        var declared = format.NamesRegister ? format.Type.Arguments[..^TraceDevice.Added.Count] : format.Type.Arguments;
        for (var i = 0; i < declared.Length; i++)
        {
            if (declared[i].Kind == TraceValueKind.Text)
            {
                WriteText(writer, texts.All[(int)values[i]]);
            }
            else
            {
                writer.Write(values[i]);
            }
        }

        var bytes = record.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(LengthOffset), bytes.Length - sizeof(ulong));
        return bytes;
    }

    private static void WriteText(BinaryWriter writer, byte[] text)
    {
        writer.Write(text.Length);
        writer.Write(text);
    }
}

namespace LabNet.Core.Consoles;

/// <summary>Where a viewer of a console stands. A position is good for as long as this LabNet runs, which the stream's name tells.</summary>
/// <param name="Stream">Another one after each start of LabNet.</param>
/// <param name="Offset">Of the next byte to read.</param>
public readonly record struct ConsolePosition(string Stream, long Offset);

/// <summary>Some bytes of a console, as the guest wrote them.</summary>
/// <param name="At">Of the first byte.</param>
/// <param name="MissedBytes">That the viewer came too late for, right before these; 0 for nearly all chunks.</param>
/// <param name="Bytes">In whatever encoding the guest writes; a chunk may end inside a character.</param>
public sealed record ConsoleChunk(ConsolePosition At, long MissedBytes, ReadOnlyMemory<byte> Bytes)
{
    public ConsolePosition Next => At with { Offset = At.Offset + Bytes.Length };
}

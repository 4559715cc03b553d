using System.Buffers.Binary;

namespace LabNet.Core.TraceEvents;

/// <summary>What printf writes for one argument.</summary>
internal enum PrintedAs
{
    Decimal,
    Hex,
    Octal,

    /// <summary>glibc's <c>%p</c>: <c>0x…</c>, or <c>(nil)</c>.</summary>
    Pointer,
    Character,
    Text,
}

/// <param name="Literal">What stands before it.</param>
/// <param name="Skips">Arguments before this one that are not printed, because they are a width (<c>*</c>).</param>
internal sealed record TraceConversion(byte[] Literal, PrintedAs PrintedAs, TraceValueKind Kind, int Skips)
{
    private const int Word = sizeof(ulong);

    /// <summary>Most literals are a word or two of a few letters: their first and their last bytes are compared as numbers.</summary>
    private readonly ulong _mask = Literal.Length < Word ? (1UL << (Literal.Length * 8)) - 1 : ulong.MaxValue;

    private readonly ulong _first = WordOf(Literal.AsSpan(0, Math.Min(Literal.Length, Word)));
    private readonly ulong _last = WordOf(Literal.AsSpan(Math.Max(0, Literal.Length - Word)));

    public bool Begins(ReadOnlySpan<byte> text)
    {
        if (Literal.Length > 2 * Word || text.Length < Math.Max(Word, Literal.Length))
        {
            return text.StartsWith(Literal);
        }

        return (BinaryPrimitives.ReadUInt64LittleEndian(text) & _mask) == _first
            && (Literal.Length <= Word || BinaryPrimitives.ReadUInt64LittleEndian(text[(Literal.Length - Word)..]) == _last);
    }

    private static ulong WordOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> word = stackalloc byte[Word];
        bytes.CopyTo(word);
        return BinaryPrimitives.ReadUInt64LittleEndian(word);
    }
}

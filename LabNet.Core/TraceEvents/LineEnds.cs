using System.Numerics;
using System.Runtime.Intrinsics;

namespace LabNet.Core.TraceEvents;

/// <summary>Where lines end, many at once: where a search for one of them stops is what a processor cannot foresee.</summary>
internal static class LineEnds
{
    /// <summary>How many are looked for in one go.</summary>
    public const int AtOnce = 256;

    private const int Block = 64;

    /// <param name="ends">Room for <see cref="AtOnce"/>: the places of line feeds, from the first on.</param>
    /// <returns>How many were found; 0 only where there is none.</returns>
    public static int Find(ReadOnlySpan<byte> text, Span<int> ends)
    {
        var (found, place) = (0, 0);
        for (; place <= text.Length - Block && found <= AtOnce - Block; place += Block)
        {
            var feeds = FeedsOf(text[place..]);
            var count = BitOperations.PopCount(feeds);

            // Mostly none or one: the first two are written whether they are there or not.
            ends[found] = place + BitOperations.TrailingZeroCount(feeds);
            feeds &= feeds - 1;
            ends[found + 1] = place + BitOperations.TrailingZeroCount(feeds);
            for (var more = 2; more < count; more++)
            {
                feeds &= feeds - 1;
                ends[found + more] = place + BitOperations.TrailingZeroCount(feeds);
            }

            found += count;
        }

        for (; place > text.Length - Block && place < text.Length && found < AtOnce; place++)
        {
            if (text[place] == '\n')
            {
                ends[found++] = place;
            }
        }

        return found;
    }

    /// <returns>A bit for each byte of a block.</returns>
    private static ulong FeedsOf(ReadOnlySpan<byte> text)
    {
        var feed = Vector256.Create((byte)'\n');
        return Vector256.Equals(Vector256.Create(text), feed).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(Vector256.Create(text[Vector256<byte>.Count..]), feed).ExtractMostSignificantBits() << Vector256<byte>.Count);
    }
}

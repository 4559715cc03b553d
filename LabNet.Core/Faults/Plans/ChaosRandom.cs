using System.Numerics;
using System.Text;

namespace LabNet.Core.Faults;

/// <summary>
/// Chance that is the same on every machine and with every .NET: xoshiro256** (Blackman and Vigna), its state filled by SplitMix64 from the
/// plan's seed and the stream's name. Each fault of a plan has a stream of its own, so that another fault beside it changes nothing for it.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class ChaosRandom
{
    private ulong _s0, _s1, _s2, _s3;

    /// <param name="seed">The plan's.</param>
    /// <param name="stream">What the chance is for, such as <c>pause-1/x86</c>.</param>
    public ChaosRandom(ulong seed, string stream)
    {
        var state = seed ^ HashOf(stream);
        (_s0, _s1, _s2, _s3) = (SplitMix(ref state), SplitMix(ref state), SplitMix(ref state), SplitMix(ref state));
    }

    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var shifted = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= shifted;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <returns>At least 0 and less than 1, in steps of 2^-53.</returns>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <returns>At least 0 and less than <paramref name="count"/>, each equally likely.</returns>
    public int Next(int count) => (int)Math.BigMul(NextUInt64(), (ulong)count, out _);

    /// <summary>FNV-1a: .NET's own hash of a text is another one in each process.</summary>
    private static ulong HashOf(string text)
    {
        var hash = 0xcbf29ce484222325UL;
        foreach (var one in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ one) * 0x100000001b3UL;
        }

        return hash;
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15UL;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebUL;
        return mixed ^ (mixed >> 31);
    }
}

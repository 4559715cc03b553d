namespace LabNet.Core.Traffic;

/// <summary>
/// Random numbers that are the same on every machine and in every version: SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom
/// Number Generators", 2014).
/// </summary>
internal struct FrameDice
{
    private ulong _state;

    /// <param name="stream">Gives each lane numbers of its own, though all have one seed.</param>
    public FrameDice(ulong seed, string stream)
    {
        // FNV-1a, because a text's hash code is another one in each process.
        var hash = 14695981039346656037UL;
        foreach (var letter in stream)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        _state = seed ^ hash;
    }

    /// <summary>From 0 to below 1.</summary>
    public double Next()
    {
        _state += 0x9e3779b97f4a7c15UL;
        var mixed = (_state ^ (_state >> 30)) * 0xbf58476d1ce4e5b9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebUL;
        return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}

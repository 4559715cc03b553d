using System.IO.Hashing;
using System.Text;

namespace LabNet.Core.TraceEvents;

/// <summary>The texts of a segment, each once. A text's number is its place.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceTexts
{
    /// <summary>A text is cut there: a guest can make some of them as long as it likes.</summary>
    public const int TextBytesMax = 4096;

    /// <summary>Guests choose some of the texts: none can choose such as come to stand in each other's way.</summary>
    private static readonly long Seed = Random.Shared.NextInt64();

    private const int RecentTexts = 64;

    private readonly Dictionary<ulong, int> _byHash = [];
    private readonly List<byte[]> _texts = [];

    /// <summary>Numbers by a text's length and ends. Most texts are one of a few that take turns; whoever chooses them to share a place gets them by their hashes.</summary>
    private readonly int[] _recent = new int[RecentTexts];

    public IReadOnlyList<byte[]> All => _texts;

    public int Bytes { get; private set; }

    /// <summary>Another one after each <see cref="Clear"/>: numbers are of one version.</summary>
    public int Version { get; private set; }

    public long NumberOf(ReadOnlySpan<byte> text)
    {
        if (text.Length > TextBytesMax)
        {
            text = text[..TextBytesMax];
        }

        ref var recent = ref _recent[text.IsEmpty ? 0 : (text.Length + (text[0] * 7) + (text[^1] * 13)) & (RecentTexts - 1)];
        if (recent < _texts.Count && text.SequenceEqual(_texts[recent]))
        {
            return recent;
        }

        return recent = FindNumberOf(text);
    }

    /// <summary>As it is kept.</summary>
    public ReadOnlySpan<byte> Utf8Of(long number) => _texts[(int)number];

    public string TextOf(long number) => Encoding.UTF8.GetString(_texts[(int)number]);

    public void Clear()
    {
        _byHash.Clear();
        _texts.Clear();
        Bytes = 0;
        Version++;
    }

    private int FindNumberOf(ReadOnlySpan<byte> text)
    {
        for (var hash = XxHash3.HashToUInt64(text, Seed); ; hash = unchecked(hash + 1))
        {
            if (!_byHash.TryGetValue(hash, out var number))
            {
                _byHash[hash] = _texts.Count;
                _texts.Add(text.ToArray());
                Bytes += text.Length;
                return _texts.Count - 1;
            }

            if (text.SequenceEqual(_texts[number]))
            {
                return number;
            }
        }
    }
}

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

    private readonly Dictionary<ulong, int> _byHash = [];
    private readonly List<byte[]> _texts = [];

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

    public string TextOf(long number) => Encoding.UTF8.GetString(_texts[(int)number]);

    public void Clear()
    {
        _byHash.Clear();
        _texts.Clear();
        Bytes = 0;
        Version++;
    }
}

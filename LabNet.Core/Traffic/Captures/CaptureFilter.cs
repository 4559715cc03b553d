using System.Diagnostics.CodeAnalysis;

namespace LabNet.Core.Traffic;

/// <summary>
/// Which packets somebody wants to have: <c>icmp or (tcp port 80 and not host 10.10.10.1)</c>. docs/captures.md tells the language,
/// <see cref="CaptureFilterParser"/> has its grammar.
/// </summary>
/// <remarks>Immutable and thread-safe. It goes by the outermost headers; what a VXLAN packet carries it does not look at.</remarks>
public sealed class CaptureFilter
{
    private readonly CaptureFilterNode? _root;
    private readonly string _text;

    private CaptureFilter(string text, CaptureFilterNode? root) => (_text, _root) = (text, root);

    /// <summary>The empty text: every packet.</summary>
    public static CaptureFilter All { get; } = new("", root: null);

    public bool IsAll => _root is null;

    /// <summary>Reads a filter. Whatever the text is, nothing is thrown.</summary>
    /// <param name="mistake">The first one.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CaptureFilter? filter, [NotNullWhen(false)] out CaptureFilterMistake? mistake)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            (filter, mistake) = (All, null);
            return true;
        }

        filter = CaptureFilterParser.Parse(text, out mistake) is { } root ? new CaptureFilter(text, root) : null;
        return filter is not null;
    }

    /// <param name="bytes">Of the whole frame, also where less of it was captured.</param>
    public bool Matches(PacketHeaders headers, int bytes) => _root?.Matches(headers, bytes) ?? true;

    /// <summary>The text that was parsed.</summary>
    public override string ToString() => _text;
}

/// <summary>What is wrong with a filter's text, and where.</summary>
/// <param name="Position">The first character that is wrong, counted from 0; the text's length if its end is.</param>
/// <param name="Message">In words, with what is allowed there.</param>
public sealed record CaptureFilterMistake(int Position, string Message)
{
    /// <summary>One line; the place is counted from 1, as a person does.</summary>
    public override string ToString() => $"at {Position + 1}: {Message}";
}

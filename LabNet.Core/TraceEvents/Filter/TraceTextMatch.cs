using System.Collections.Frozen;

namespace LabNet.Core.TraceEvents;

/// <summary>Which texts a comparison lets through.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class TraceTextMatch
{
    private readonly FrozenSet<string>? _oneOf;
    private readonly TraceGlob? _glob;
    private readonly bool _isNegated;

    private TraceTextMatch(FrozenSet<string>? oneOf, TraceGlob? glob, bool isNegated) => (_oneOf, _glob, _isNegated) = (oneOf, glob, isNegated);

    public static TraceTextMatch Any { get; } = new(oneOf: null, glob: null, isNegated: false);

    /// <summary>True if every text fits; null if that depends on the text.</summary>
    public bool? Decided => this == Any ? true : null;

    public static TraceTextMatch OneOf(IEnumerable<string> texts, bool isNegated) => new(texts.ToFrozenSet(StringComparer.Ordinal), glob: null, isNegated);

    public static TraceTextMatch Like(TraceGlob glob, bool isNegated) => new(oneOf: null, glob, isNegated);

    public bool Fits(string text) => (_oneOf?.Contains(text) ?? _glob?.Fits(text) ?? true) != _isNegated;
}

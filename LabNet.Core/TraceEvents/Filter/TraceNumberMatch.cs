using System.Collections.Frozen;

namespace LabNet.Core.TraceEvents;

/// <summary>Which numbers a comparison lets through. A column's 64 bits are a number with or without a sign, as the argument's kind says.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class TraceNumberMatch
{
    private readonly Numbers _signed;
    private readonly Numbers _unsigned;

    private TraceNumberMatch(Numbers signed, Numbers unsigned) => (_signed, _unsigned) = (signed, unsigned);

    public static TraceNumberMatch Any { get; } = Of(TraceFilterOperator.GreaterOrEqual, long.MinValue);

    /// <param name="comparison">Not a pattern's.</param>
    /// <param name="literal">Of any size: what no number can reach is compared all the same.</param>
    public static TraceNumberMatch Of(TraceFilterOperator comparison, Int128 literal) =>
        new(Numbers.Of(comparison, literal, long.MinValue, long.MaxValue), Numbers.Of(comparison, literal, ulong.MinValue, ulong.MaxValue));

    public static TraceNumberMatch OneOf(IReadOnlyCollection<Int128> literals) =>
        new(Numbers.OneOf(literals, long.MinValue, long.MaxValue), Numbers.OneOf(literals, ulong.MinValue, ulong.MaxValue));

    /// <summary>True if every number of this kind fits, false if none does.</summary>
    public bool? Decide(TraceValueKind kind) => Of(kind).Decided;

    public bool Fits(long bits, TraceValueKind kind) => Of(kind).Has(bits);

    public void Select(ReadOnlySpan<long> column, TraceValueKind kind, Span<bool> selected) => Of(kind).Select(column, selected);

    private Numbers Of(TraceValueKind kind) => kind == TraceValueKind.Number ? _signed : _unsigned;

    /// <summary>Numbers of one kind, as their bits: a range, all but a range, or single ones.</summary>
    private sealed record Numbers(bool? Decided, long Low, ulong Width, bool IsOutside, FrozenSet<long>? Single)
    {
        public static Numbers Of(TraceFilterOperator comparison, Int128 literal, Int128 min, Int128 max)
        {
            var (low, high) = comparison switch
            {
                TraceFilterOperator.Equal or TraceFilterOperator.Unequal => (literal, literal),
                TraceFilterOperator.Less => (min, literal - 1),
                TraceFilterOperator.LessOrEqual => (min, literal),
                TraceFilterOperator.Greater => (literal + 1, max),
                TraceFilterOperator.GreaterOrEqual => (literal, max),
                _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
            };
            var isOutside = comparison == TraceFilterOperator.Unequal;
            (low, high) = (Int128.Max(low, min), Int128.Min(high, max));
            bool? decided = low > high ? isOutside : low == min && high == max ? !isOutside : null;
            return new Numbers(decided, unchecked((long)low), unchecked((ulong)(high - low)), isOutside, Single: null);
        }

        public static Numbers OneOf(IEnumerable<Int128> literals, Int128 min, Int128 max)
        {
            var single = literals.Where(literal => literal >= min && literal <= max).Select(literal => unchecked((long)literal)).ToFrozenSet();
            return new Numbers(single.Count == 0 ? false : null, Low: 0, Width: 0, IsOutside: false, single);
        }

        public bool Has(long bits) => Decided ?? Single?.Contains(bits) ?? IsInRange(bits) != IsOutside;

        public void Select(ReadOnlySpan<long> column, Span<bool> selected)
        {
            if (Decided is not null || Single is not null)
            {
                for (var number = 0; number < column.Length; number++)
                {
                    selected[number] = Has(column[number]);
                }

                return;
            }

            for (var number = 0; number < column.Length; number++)
            {
                selected[number] = IsInRange(column[number]) != IsOutside;
            }
        }

        /// <summary>The distance from the range's begin goes round at 2^64, so that one comparison does for numbers with and without a sign.</summary>
        private bool IsInRange(long bits) => unchecked((ulong)(bits - Low)) <= Width;
    }
}

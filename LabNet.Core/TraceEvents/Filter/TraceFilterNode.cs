using System.Buffers;
using System.Collections.Immutable;

namespace LabNet.Core.TraceEvents;

/// <summary>What is known of rows before a column is looked at.</summary>
/// <param name="Type">Null where only the event's name is known.</param>
/// <param name="Thread">Null where it is not known, which is something else than a thread that the log did not tell.</param>
internal readonly record struct TraceFilterFacts(string Event, TraceEventType? Type = null, TraceThread? Thread = null);

/// <summary>A filter, or a part of one.</summary>
/// <remarks>Immutable.</remarks>
internal abstract class TraceFilterNode
{
    /// <summary>What selecting costs, to be compared: a column that is not decoded is the cheapest.</summary>
    public abstract int Cost { get; }

    /// <summary>Whether the event's name and the thread decide.</summary>
    public abstract bool IsOfKeys { get; }

    /// <summary>True if all such rows match, false if none does, null if that takes a look at them.</summary>
    public abstract bool? Decide(in TraceFilterFacts facts);

    public abstract bool Matches(TraceRows rows, int row);

    /// <summary>The rows of the pass's event. Only to be asked where <see cref="Decide"/> leaves it open.</summary>
    /// <param name="selected">One for each of these rows; all are written.</param>
    public abstract void Select(TraceFilterPass pass, Span<bool> selected);
}

/// <summary><c>not</c></summary>
internal sealed class TraceFilterNot(TraceFilterNode inner) : TraceFilterNode
{
    public override int Cost => inner.Cost;

    public override bool IsOfKeys => inner.IsOfKeys;

    public override bool? Decide(in TraceFilterFacts facts) => !inner.Decide(facts);

    public override bool Matches(TraceRows rows, int row) => !inner.Matches(rows, row);

    public override void Select(TraceFilterPass pass, Span<bool> selected)
    {
        inner.Select(pass, selected);
        foreach (ref var one in selected)
        {
            one = !one;
        }
    }
}

/// <summary><c>and</c> and <c>or</c>: as soon as one part has the deciding value, all have.</summary>
internal sealed class TraceFilterGroup : TraceFilterNode
{
    private readonly bool _deciding;
    private readonly ImmutableArray<TraceFilterNode> _parts;

    private TraceFilterGroup(bool deciding, IEnumerable<TraceFilterNode> parts)
    {
        _deciding = deciding;
        _parts = [.. parts.OrderBy(part => part.Cost)];
        Cost = _parts.Sum(part => part.Cost);
        IsOfKeys = _parts.All(part => part.IsOfKeys);
    }

    /// <summary>All of no conditions.</summary>
    public static TraceFilterGroup Everything { get; } = new(deciding: false, []);

    public override int Cost { get; }

    public override bool IsOfKeys { get; }

    public static TraceFilterNode And(IReadOnlyList<TraceFilterNode> parts) => parts.Count == 1 ? parts[0] : new TraceFilterGroup(deciding: false, parts);

    public static TraceFilterNode Or(IReadOnlyList<TraceFilterNode> parts) => parts.Count == 1 ? parts[0] : new TraceFilterGroup(deciding: true, parts);

    public override bool? Decide(in TraceFilterFacts facts)
    {
        bool? all = !_deciding;
        foreach (var part in _parts)
        {
            var one = part.Decide(facts);
            if (one == _deciding)
            {
                return _deciding;
            }

            all = one is null ? null : all;
        }

        return all;
    }

    public override bool Matches(TraceRows rows, int row)
    {
        foreach (var part in _parts)
        {
            if (part.Matches(rows, row) == _deciding)
            {
                return _deciding;
            }
        }

        return !_deciding;
    }

    public override void Select(TraceFilterPass pass, Span<bool> selected)
    {
        selected.Fill(!_deciding);
        var rented = ArrayPool<bool>.Shared.Rent(selected.Length);
        try
        {
            var ofPart = rented.AsSpan(0, selected.Length);
            foreach (var part in _parts)
            {
                if (!selected.Contains(!_deciding))
                {
                    // Every row is decided: the columns of the parts that are left need not be decoded.
                    return;
                }

                if (part.Decide(pass.Facts) is null)
                {
                    part.Select(pass, ofPart);
                    Join(selected, ofPart);
                }
            }
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(rented);
        }
    }

    private void Join(Span<bool> selected, ReadOnlySpan<bool> ofPart)
    {
        for (var number = 0; number < selected.Length; number++)
        {
            selected[number] = ofPart[number] == _deciding ? _deciding : selected[number];
        }
    }
}

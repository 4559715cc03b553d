using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// Which trace events somebody wants to see: <c>event ~ virtio_blk_* and (sector &gt;= 2048 or latencyUs &gt; 500) and not cpu == 1</c>.
/// docs/trace-filter.md tells the language, <see cref="TraceFilterParser"/> has its grammar.
/// </summary>
/// <remarks>Immutable and thread-safe.</remarks>
public sealed class TraceFilter
{
    private readonly TraceFilterNode _root;
    private readonly string _text;

    private TraceFilter(string text, TraceFilterNode root) => (_text, _root) = (text, root);

    /// <summary>The empty text: every event.</summary>
    public static TraceFilter All { get; } = new("", TraceFilterGroup.Everything);

    /// <summary>
    /// Whether the event's name and the thread alone decide of every row, so that counts that are kept by them can answer:
    /// <see cref="MatchesKey"/>.
    /// </summary>
    public bool IsOfKeys => _root.IsOfKeys;

    /// <summary>Reads a filter. Whatever the text is, nothing is thrown.</summary>
    /// <param name="catalogue">
    /// Whose events and arguments are known; of <see cref="TraceCatalogue.Empty"/> every name is taken, as of what QEMU declares nothing.
    /// </param>
    /// <param name="mistake">The first one.</param>
    public static bool TryParse(
        string text, TraceCatalogue catalogue, [NotNullWhen(true)] out TraceFilter? filter, [NotNullWhen(false)] out TraceFilterMistake? mistake)
    {
        filter = TraceFilterParser.Parse(text, TraceFilterFields.Of(catalogue), out mistake) is { } root ? new TraceFilter(text, root) : null;
        return filter is not null;
    }

    /// <summary>Whether a row of this event can match. No row is lost by asking.</summary>
    public bool CanMatch(TraceEventType type) => _root.Decide(new TraceFilterFacts(type.Name, type)) != false;

    /// <summary>The same where only the event's name is known: nothing is concluded from what arguments it may have.</summary>
    public bool CanMatch(string eventName) => _root.Decide(new TraceFilterFacts(eventName)) != false;

    /// <summary>Whether all rows of this event and thread match; else none of them does.</summary>
    /// <exception cref="InvalidOperationException">The filter needs more than that, see <see cref="IsOfKeys"/>.</exception>
    public bool MatchesKey(string eventName, TraceThread thread) =>
        _root.Decide(new TraceFilterFacts(eventName, Thread: thread))
        ?? throw new InvalidOperationException("The filter is not decided by event and thread alone.");

    /// <summary>The text that was parsed.</summary>
    public override string ToString() => _text;

    /// <summary>One row by itself. For many rows <see cref="Select"/> is much faster.</summary>
    /// <exception cref="Storage.DamagedSegmentException"/>
    internal bool Matches(TraceRows rows, int row) => _root.Matches(rows, row);

    /// <summary>
    /// All rows of a segment. Event by event: what the event and its arguments decide is not looked at, of the rest only those columns
    /// that are needed, the cheap ones first.
    /// </summary>
    /// <param name="selected">One for each row; all are written.</param>
    /// <exception cref="Storage.DamagedSegmentException"/>
    internal void Select(TraceRows rows, Span<bool> selected)
    {
        if (selected.Length != rows.Count)
        {
            throw new ArgumentException("Every row needs a place.", nameof(selected));
        }

        var pass = new TraceFilterPass(rows);
        var scratch = ArrayPool<bool>.Shared.Rent(rows.Count);
        try
        {
            for (var place = 0; place < rows.Types.Length; place++)
            {
                pass.Turn(place);
                var ofEvent = rows.RowsOf(place);
                var matching = scratch.AsSpan(0, ofEvent.Length);
                if (_root.Decide(pass.Facts) is { } decided)
                {
                    matching.Fill(decided);
                }
                else if (!ofEvent.IsEmpty)
                {
                    _root.Select(pass, matching);
                }

                for (var number = 0; number < ofEvent.Length; number++)
                {
                    selected[ofEvent[number]] = matching[number];
                }
            }
        }
        finally
        {
            ArrayPool<bool>.Shared.Return(scratch);
        }
    }
}

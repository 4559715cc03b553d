using System.Collections.Immutable;
using LabNet.Core.Vms;

namespace LabNet.Core.TraceEvents;

/// <summary>What is kept of which event.</summary>
/// <param name="Filter">Null for all.</param>
internal sealed record TraceRule(TraceKeep Keep, TraceFilter? Filter);

/// <summary>What a VM's switches say of what is kept: the last one that is on and fits an event counts. What none fits is kept in the history.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceRules
{
    private static readonly TraceRule StoreAll = new(TraceKeep.Store, Filter: null);

    private readonly List<(string Pattern, TraceGlob? Glob, TraceRule Rule)> _rules = [];
    private readonly Dictionary<string, TraceRule> _ruleOf = new(StringComparer.Ordinal);

    /// <param name="catalogue">What the switches' filters were checked by.</param>
    public TraceRules(ImmutableArray<TraceEventSwitch> switches, TraceCatalogue catalogue)
    {
        foreach (var one in switches.Where(one => one.Enabled))
        {
            // A filter that this QEMU's catalogue does not understand any more lets everything through: nothing is lost.
            var filter = one.Filter is { } text && TraceFilter.TryParse(text, catalogue, out var parsed, out _) ? parsed : null;
            _rules.Insert(0, (one.Pattern, TraceGlob.TryParse(one.Pattern, out var glob) ? glob : null, new TraceRule(one.Keep, filter)));
        }

        KeepsAll = _rules.TrueForAll(one => one.Rule == StoreAll);
    }

    /// <summary>Everything goes into the history.</summary>
    public bool KeepsAll { get; }

    /// <summary>Copies what is to be kept, from a row on, until one of the builders is full.</summary>
    /// <param name="filteredOut">Grows by the rows that no filter let through.</param>
    /// <returns>The next row; the rows' count when all are done.</returns>
    public int Sort(TraceRows rows, int from, TraceSegmentBuilder stored, TraceSegmentBuilder ring, ref long filteredOut)
    {
        var rules = rows.Types.Select(type => RuleOf(type.Name)).ToArray();
        var selected = rules.Select(rule => rule.Filter).OfType<TraceFilter>().Distinct().ToDictionary(filter => filter, filter => SelectedBy(filter, rows));
        Span<long> values = stackalloc long[TraceReader.ArgumentsMax];
        var row = from;
        for (; row < rows.Count && !stored.IsFull && !ring.IsFull; row++)
        {
            var place = rows.EventOf(row);
            if (rules[place].Filter is { } filter && !selected[filter][row])
            {
                filteredOut++;
                continue;
            }

            var (to, type) = (rules[place].Keep == TraceKeep.Store ? stored : ring, rows.Types[place]);
            for (var number = 0; number < type.Arguments.Length; number++)
            {
                var value = rows.ValueOf(row, number);
                values[number] = type.Arguments[number].Kind == TraceValueKind.Text ? to.Texts.NumberOf(rows.Utf8Of(value)) : value;
            }

            to.Add(rows.SequenceOf(row), rows.TimeNsOf(row), rows.ThreadOf(row), type, values[..type.Arguments.Length], rows.LatencyNsOf(row));
        }

        return row;
    }

    private static bool[] SelectedBy(TraceFilter filter, TraceRows rows)
    {
        var selected = new bool[rows.Count];
        filter.Select(rows, selected);
        return selected;
    }

    private TraceRule RuleOf(string name)
    {
        if (!_ruleOf.TryGetValue(name, out var rule))
        {
            rule = _rules.Find(one => one.Pattern == name || one.Glob?.Fits(name) is true).Rule ?? StoreAll;
            _ruleOf[name] = rule;
        }

        return rule;
    }
}

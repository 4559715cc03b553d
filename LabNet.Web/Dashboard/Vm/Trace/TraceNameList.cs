using System.Diagnostics.CodeAnalysis;
using LabNet.Core.Qmp;
using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>A pattern that may be meant.</summary>
/// <param name="Fits">So many events.</param>
public sealed record TraceNameOffer(string Pattern, int Fits);

/// <summary>The trace events that a VM's QEMU has.</summary>
/// <remarks>Immutable.</remarks>
public sealed class TraceNameList
{
    private const int OffersMax = 24;

    private readonly string[] _names;
    private readonly HashSet<string> _on;

    private TraceNameList(IEnumerable<string> names, IEnumerable<string> on, bool isOfQemu)
    {
        _names = [.. names.Order(StringComparer.Ordinal)];
        _on = on.ToHashSet(StringComparer.Ordinal);
        IsOfQemu = isOfQemu;
    }

    /// <summary>Else those that this machine's QEMU declares: which of them are on is not known.</summary>
    public bool IsOfQemu { get; }

    public int Count => _names.Length;

    /// <summary>How many are on.</summary>
    public int On => _on.Count;

    /// <summary>As QEMU tells them now.</summary>
    public static TraceNameList Of(IReadOnlyList<TraceEventInfo> known) => new(
        known.Where(one => one.IsAvailable).Select(one => one.Name), known.Where(one => one.IsEnabled).Select(one => one.Name), isOfQemu: true);

    public static TraceNameList Of(TraceCatalogue declared) => new(declared.Events.Select(type => type.Name), [], isOfQemu: false);

    public IReadOnlyList<string> Matching(string pattern) =>
        !pattern.AsSpan().ContainsAny('*', '?') ? Array.BinarySearch(_names, pattern, StringComparer.Ordinal) >= 0 ? [pattern] : []
        : TraceGlob.TryParse(pattern, out var glob) ? [.. _names.Where(glob.Fits)]
        : [];

    public int OnAmong(IEnumerable<string> names) => names.Count(_on.Contains);

    public bool Has(string pattern) => Matching(pattern).Count > 0;

    /// <summary>What a text that is being typed may become: groups of names at first, then names that begin with it, then those that have it in them.</summary>
    public IReadOnlyList<TraceNameOffer> Offer(string typed)
    {
        if (typed.Length == 0 || typed.AsSpan().ContainsAny('*', '?'))
        {
            return [];
        }

        var beginning = _names.Where(name => name.StartsWith(typed, StringComparison.Ordinal)).ToList();
        var groups = beginning.Select(name => TryGroupOf(name, typed.Length, out var group) ? group : null).OfType<string>()
            .GroupBy(group => group).Where(group => group.Count() > 1).Select(group => new TraceNameOffer(group.Key, group.Count()));
        var within = _names.Where(name => name.Contains(typed, StringComparison.OrdinalIgnoreCase)).Except(beginning);
        return [.. groups.OrderByDescending(offer => offer.Fits).Take(OffersMax / 2).Concat(beginning.Concat(within).Select(name => new TraceNameOffer(name, 1))).Take(OffersMax)];
    }

    /// <summary>Names are grouped up to the next underscore.</summary>
    private static bool TryGroupOf(string name, int typed, [NotNullWhen(true)] out string? group)
    {
        var end = name.IndexOf('_', Math.Min(typed, name.Length));
        end = end < 0 && name[typed - 1] == '_' ? typed - 1 : end;
        group = end < 0 ? null : $"{name[..(end + 1)]}*";
        return group is not null;
    }
}

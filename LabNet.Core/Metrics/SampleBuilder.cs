using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace LabNet.Core.Metrics;

/// <summary>
/// Puts a VM's samples together. The series keep their places from sample to sample; one that was not measured for a minute loses its own.
/// </summary>
internal sealed class SampleBuilder(TimeProvider time)
{
    private static readonly TimeSpan KeptUnmeasured = TimeSpan.FromMinutes(1);

    /// <summary>What a guest tells comes every ten seconds; one that is busy leaves out a turn or two.</summary>
    internal static readonly TimeSpan NewFor = TimeSpan.FromSeconds(30);

    private readonly RateBook _rates = new(time);
    private readonly Dictionary<MetricKey, int> _places = [];
    private readonly List<MetricKey> _keys = [];
    private readonly List<long> _measuredAt = [];
    private readonly List<double> _values = [];
    private readonly List<double> _newest = [];
    private readonly SortedDictionary<string, string> _missing = new(StringComparer.Ordinal);
    private MetricLayout _layout = MetricLayout.Empty;

    /// <summary>What was measured before is of another QEMU, or of another life of it.</summary>
    public void Forget()
    {
        _rates.Forget();
        CollectionsMarshal.AsSpan(_newest).Fill(double.NaN);
    }

    /// <summary>Begins the next sample: nothing is measured yet, what is missing stays missing until it is found.</summary>
    public void Begin() => CollectionsMarshal.AsSpan(_values).Fill(double.NaN);

    public void Gauge(MetricKey key, double value)
    {
        if (double.IsFinite(value))
        {
            var place = PlaceOf(key);
            (_values[place], _newest[place]) = (value, value);
        }
    }

    /// <param name="at">A timestamp: when the counter was read.</param>
    public void Counter(MetricKey key, double total, long at)
    {
        if (!double.IsFinite(total) || total < 0)
        {
            return;
        }

        var place = PlaceOf(key);
        _values[place] = _rates.Rate(key, total, at) * key.Definition.PrometheusFactor;
        _newest[place] = total;
    }

    /// <param name="what">A word for what is missing, such as <c>kvm</c>.</param>
    /// <param name="why">A sentence; null if it can be had.</param>
    public void Missing(string what, string? why)
    {
        if (why is null)
        {
            _missing.Remove(what);
        }
        else
        {
            _missing[what] = why;
        }
    }

    public MetricSample Build(long timeNs)
    {
        DropUnmeasured();
        if (!_layout.Has(CollectionsMarshal.AsSpan(_keys)))
        {
            _layout = new MetricLayout([.. _keys]);
        }

        return new MetricSample(
            timeNs,
            _layout,
            [.. _values],
            [.. _newest.Select((value, place) => IsNew(place) ? value : double.NaN)],
            _missing.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    private bool IsNew(int place) => time.GetElapsedTime(_measuredAt[place]) <= NewFor;

    private int PlaceOf(MetricKey key)
    {
        if (!_places.TryGetValue(key, out var place))
        {
            place = _keys.Count;
            _places[key] = place;
            _keys.Add(key);
            _measuredAt.Add(0);
            _values.Add(double.NaN);
            _newest.Add(double.NaN);
        }

        _measuredAt[place] = time.GetTimestamp();
        return place;
    }

    private void DropUnmeasured()
    {
        for (var place = _keys.Count - 1; place >= 0; place--)
        {
            if (time.GetElapsedTime(_measuredAt[place]) > KeptUnmeasured)
            {
                _keys.RemoveAt(place);
                _measuredAt.RemoveAt(place);
                _values.RemoveAt(place);
                _newest.RemoveAt(place);
                _places.Clear();
            }
        }

        for (var place = 0; _places.Count < _keys.Count; place++)
        {
            _places[_keys[place]] = place;
        }
    }
}

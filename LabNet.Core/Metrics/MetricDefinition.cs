using System.Runtime.CompilerServices;

namespace LabNet.Core.Metrics;

/// <summary>What a metric's value says.</summary>
public enum MetricKind
{
    /// <summary>A value of its moment: bytes in use, a latency.</summary>
    Gauge,

    /// <summary>How fast a counter grows: its value is a rate a second, its total the counter itself.</summary>
    Counter,
}

/// <summary>A metric as LabNet knows it; all of them stand in <see cref="MetricCatalogue"/>.</summary>
/// <param name="Name">The same in the REST API, the hub and the database; without a unit, such as <c>vm_block_read</c>.</param>
/// <param name="Unit">Of the value: <c>B/s</c>, <c>cores</c>, <c>ns</c>; of a counter's rate, not of its total.</param>
/// <param name="Decimals">Decimal places that are kept; the value is stored as an integer of that scale.</param>
/// <param name="Label">What tells several series of one VM apart, such as <c>node</c>; null where there is one.</param>
/// <param name="PrometheusName">By the conventions of Prometheus: base units, <c>_total</c> for counters.</param>
/// <param name="PrometheusFactor">What a gauge, or a counter's total, is multiplied with to have Prometheus' base unit; a counter's value is the rate of that.</param>
/// <param name="Help">One sentence.</param>
public sealed record MetricDefinition(
    string Name, MetricKind Kind, string Unit, int Decimals, string? Label, string PrometheusName, double PrometheusFactor, string Help)
{
    /// <summary>What a value is multiplied with to be an integer.</summary>
    public double Scale { get; } = Math.Pow(10, Decimals);

    /// <summary>Each metric is there once, in the catalogue.</summary>
    public bool Equals(MetricDefinition? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}

/// <summary>One series of a VM: a metric and, where it has one, the value of its label.</summary>
/// <remarks>Written <c>vm_block_read{node=vda}</c>, or <c>vm_process_cpu</c> without a label.</remarks>
public readonly record struct MetricKey(MetricDefinition Definition, string? LabelValue = null)
{
    /// <summary>Short and on one line, whatever a guest calls its devices.</summary>
    public string? LabelValue { get; } = LabelValue is null ? null : SeriesLabel.Of(LabelValue);

    public override string ToString() => LabelValue is null ? Definition.Name : $"{Definition.Name}{{{Definition.Label}={LabelValue}}}";

    /// <summary>The opposite of <see cref="ToString"/>; false for a metric that is not in the catalogue, or a label that it does not have.</summary>
    public static bool TryParse(string text, out MetricKey key)
    {
        key = default;
        var brace = text.IndexOf('{', StringComparison.Ordinal);
        var name = brace < 0 ? text : text[..brace];
        if (MetricCatalogue.Find(name) is not { } definition)
        {
            return false;
        }

        if (brace < 0)
        {
            key = new MetricKey(definition);
            return definition.Label is null;
        }

        var prefix = $"{definition.Label}=";
        var label = text[(brace + 1)..];
        if (definition.Label is null || !label.StartsWith(prefix, StringComparison.Ordinal) || label[^1] != '}')
        {
            return false;
        }

        key = new MetricKey(definition, label[prefix.Length..^1]);
        return true;
    }
}

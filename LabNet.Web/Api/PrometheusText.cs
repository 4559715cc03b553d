using System.Globalization;
using System.Text;

namespace LabNet.Web.Api;

/// <summary>
/// Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): per metric its help and type, then its samples.
/// <code>
/// metric = "# HELP " NAME " " TEXT LF "# TYPE " NAME " " TYPE LF { NAME [ "{" LABEL "=" QUOTED { "," LABEL "=" QUOTED } "}" ] " " NUMBER LF }
/// </code>
/// </summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a metric; its samples follow. Every sample of a metric has to stand under it.</summary>
    public PrometheusText Metric(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(help, quotes: false)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    public PrometheusText Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var place = 0; place < labels.Length; place++)
        {
            _text.Append(place == 0 ? '{' : ',').Append(labels[place].Name).Append("=\"").Append(Escaped(labels[place].Value, quotes: true)).Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    /// <summary>A metric with a single sample.</summary>
    public PrometheusText Single(string name, string type, string help, double value) => Metric(name, type, help).Sample(name, value);

    public override string ToString() => _text.ToString();

    /// <summary>A label's value may be a guest's text: nothing of it may end the line or the quotes.</summary>
    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}

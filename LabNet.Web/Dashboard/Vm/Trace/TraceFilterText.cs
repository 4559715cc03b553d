using LabNet.Core.TraceEvents;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>A filter as it was typed.</summary>
/// <param name="Filter">Null of an empty text and of one with a mistake.</param>
public sealed record TraceFilterText(string Text, TraceFilter? Filter, TraceFilterMistake? Mistake)
{
    public const int CharsMax = 4096;

    public static readonly TraceFilterText None = new("", Filter: null, Mistake: null);

    public static TraceFilterText Of(string? text, TraceCatalogue catalogue) =>
        string.IsNullOrWhiteSpace(text) ? None
        : TraceFilter.TryParse(text, catalogue, out var filter, out var mistake) ? new TraceFilterText(text, filter, Mistake: null)
        : new TraceFilterText(text, Filter: null, mistake);

    /// <summary>A text of the language that means this one text.</summary>
    public static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

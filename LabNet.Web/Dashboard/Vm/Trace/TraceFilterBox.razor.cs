using LabNet.Core.TraceEvents;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>A field for a filter; what is wrong with it is told at its place while it is typed.</summary>
public sealed partial class TraceFilterBox
{
    /// <summary>A long filter is shown around its mistake.</summary>
    private const int AroundChars = 40;

    [Inject]
    private TraceCatalogue Catalogue { get; set; } = default!;

    [Parameter, EditorRequired]
    public string Id { get; set; } = "";

    [Parameter, EditorRequired]
    public string Label { get; set; } = "";

    [Parameter]
    public bool LabelHidden { get; set; }

    [Parameter]
    public string? Placeholder { get; set; }

    [Parameter, EditorRequired]
    public TraceFilterText Value { get; set; } = TraceFilterText.None;

    [Parameter]
    public EventCallback<TraceFilterText> ValueChanged { get; set; }

    /// <summary>Whoever types has left the field, or pressed Enter.</summary>
    [Parameter]
    public EventCallback OnSettled { get; set; }

    [Parameter]
    public bool Disabled { get; set; }

    /// <summary>What is typed before the page is live would be lost.</summary>
    private bool IsReadOnly => Disabled || !RendererInfo.IsInteractive;

    private Task ChangeAsync(string? text) => ValueChanged.InvokeAsync(TraceFilterText.Of(text, Catalogue));

    private async Task TakeHintAsync(TraceFilterMistake mistake)
    {
        await ChangeAsync(Value.Text.Remove(mistake.Position, mistake.Length).Insert(mistake.Position, mistake.Hint!));
        await OnSettled.InvokeAsync();
    }

    private (string Before, string Wrong, string After) Parts(TraceFilterMistake mistake)
    {
        var (text, end) = (Value.Text, mistake.Position + mistake.Length);
        var (before, after) = (text[..mistake.Position], text[end..]);
        return (
            before.Length > AroundChars ? $"…{before[^AroundChars..]}" : before,
            mistake.Length == 0 ? "\u2038" : text[mistake.Position..end],
            after.Length > AroundChars ? $"{after[..AroundChars]}…" : after);
    }
}

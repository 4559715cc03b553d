using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm.Trace;

/// <summary>Why the live list stands still though nobody paused it.</summary>
public enum TraceHold
{
    None,
    Hovered,
    Focused,
    Scrolled,
}

/// <summary>Rows that move ten times a second cannot be clicked: the list stands still while somebody is at it, and goes on by itself.</summary>
public sealed partial class TraceLive : IAsyncDisposable
{
    private ElementReference _section;
    private BrowserPart? _standing;
    private DotNetObjectReference<TraceLive>? _self;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public TraceHold Held { get; set; }

    [Parameter]
    public EventCallback<TraceHold> OnHold { get; set; }

    /// <summary>Without the count, which a screen reader would read out ten times a second.</summary>
    private string Standing => IsPaused ? "Paused." : Held switch
    {
        TraceHold.Hovered => "Stands still while the pointer is over it.",
        TraceHold.Focused => "Stands still while a row has the focus; Escape goes on.",
        TraceHold.Scrolled => "Stands still while it is scrolled.",
        _ => "",
    };

    /// <summary>Called by the browser.</summary>
    [JSInvokable]
    public Task Hold(string why) => OnHold.InvokeAsync(why switch
    {
        "pointer" => TraceHold.Hovered,
        "focus" => TraceHold.Focused,
        "scrolled" => TraceHold.Scrolled,
        _ => TraceHold.None,
    });

    public async ValueTask DisposeAsync()
    {
        await (_standing?.DisposeAsync() ?? ValueTask.CompletedTask);
        _self?.Dispose();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            _standing = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/Trace/TraceLive.razor.js");
            await _standing.OpenAsync(_section, _self);
        }
    }

    private Task FollowAsync() => _standing?.InvokeVoidAsync("follow") ?? Task.CompletedTask;
}

using LabNet.Core.Labs;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>
/// The serial console as a terminal. Its bytes go from the hub to xterm.js without this component, so that a flood of them costs the circuit
/// nothing.
/// </summary>
public sealed partial class ConsoleTab : IAsyncDisposable
{
    private ElementReference _screen;
    private ElementReference _status;
    private ElementReference _told;
    private BrowserPart? _terminal;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmName Vm { get; set; }

    /// <summary>Why its console says nothing, in a sentence; null while the VM is there.</summary>
    [Parameter, EditorRequired]
    public string? WhyOff { get; set; }

    [Parameter, EditorRequired]
    public bool MayType { get; set; }

    protected override Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
        {
            return Task.CompletedTask;
        }

        _terminal = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/ConsoleTab.razor.js");
        return _terminal.OpenAsync(_screen, _status, _told, Vm.ToString(), MayType);
    }

    public ValueTask DisposeAsync() => _terminal?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ClearAsync()
    {
        if (_terminal is not null)
        {
            await _terminal.InvokeVoidAsync("clear");
        }
    }
}

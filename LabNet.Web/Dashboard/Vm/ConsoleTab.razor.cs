using LabNet.Core.Labs;
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
    private IJSObjectReference? _module;
    private IJSObjectReference? _terminal;
    private Task _opening = Task.CompletedTask;
    private bool _left;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmName Vm { get; set; }

    /// <summary>Why its console says nothing, in a sentence; null while the VM is there.</summary>
    [Parameter, EditorRequired]
    public string? WhyOff { get; set; }

    [Parameter, EditorRequired]
    public bool MayType { get; set; }

    protected override Task OnAfterRenderAsync(bool firstRender) => firstRender ? _opening = OpenAsync() : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _left = true;
        try
        {
            await _opening;
            if (_terminal is not null)
            {
                await _terminal.InvokeVoidAsync("close");
                await _terminal.DisposeAsync();
            }

            if (_module is not null)
            {
                await _module.DisposeAsync();
            }
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and the terminal with it.
        }
    }

    private async Task OpenAsync()
    {
        _module = await JavaScript.InvokeAsync<IJSObjectReference>("import", "./Dashboard/Vm/ConsoleTab.razor.js");
        if (_left)
        {
            return;
        }

        try
        {
            _terminal = await _module.InvokeAsync<IJSObjectReference>("open", _screen, _status, _told, Vm.ToString(), MayType);
        }
        catch (JSException) when (_left)
        {
            // The viewer was faster: what it should open in has gone from the page.
        }
    }

    private async Task ClearAsync()
    {
        if (_terminal is not null)
        {
            await _terminal.InvokeVoidAsync("clear");
        }
    }
}

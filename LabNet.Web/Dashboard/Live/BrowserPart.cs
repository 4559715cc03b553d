using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Live;

/// <summary>
/// What a component has open in the browser: what its script's <c>open</c> returns, which can <c>close</c>. It closes with the component,
/// also if the component goes while it still opens.
/// </summary>
/// <remarks>For the circuit's dispatcher alone.</remarks>
/// <param name="script">Such as <c>./Dashboard/Vm/ConsoleTab.razor.js</c>.</param>
internal sealed class BrowserPart(IJSRuntime javaScript, TimeProvider time, string script) : IAsyncDisposable
{
    /// <summary>A browser that has gone answers no call, and a call waits for a minute: so long would the circuit last, and LabNet's own end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private Task _opening = Task.CompletedTask;
    private IJSObjectReference? _module;
    private IJSObjectReference? _opened;
    private bool _left;

    public Task OpenAsync(params object?[] arguments) => _opening = LoadAndOpenAsync(arguments);

    /// <summary>Waits until it is open; nothing happens to what is closed.</summary>
    public async Task InvokeVoidAsync(string name, params object?[] arguments)
    {
        await _opening;
        if (_opened is not null && !_left)
        {
            await _opened.InvokeVoidAsync(name, arguments);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _left = true;
        try
        {
            await CloseAsync().WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            // The browser is gone, and what was open in it too.
        }
    }

    private async Task LoadAndOpenAsync(object?[] arguments)
    {
        _module = await javaScript.InvokeAsync<IJSObjectReference>("import", script);
        if (_left)
        {
            return;
        }

        try
        {
            _opened = await _module.InvokeAsync<IJSObjectReference>("open", arguments);
        }
        catch (JSException) when (_left)
        {
            // The viewer was faster: what it should open in has gone from the page.
        }
    }

    private async Task CloseAsync()
    {
        // Whoever asked for the opening has been told how it failed.
        await _opening.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (_opened is not null)
            {
                await _opened.InvokeVoidAsync("close");
                await _opened.DisposeAsync();
            }

            if (_module is not null)
            {
                await _module.DisposeAsync();
            }
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone, and what was open in it too.
        }
    }
}

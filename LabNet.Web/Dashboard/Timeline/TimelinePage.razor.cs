using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Timeline;

/// <summary>
/// Trace events, run states, events and metrics of all VMs on one axis of time. What it shows goes from the REST API to the browser without
/// this component, and the view is in the address, which the script writes.
/// </summary>
public sealed partial class TimelinePage : IAsyncDisposable
{
    private ElementReference _root;
    private BrowserPart? _board;
    private Task _reading = Task.CompletedTask;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private VmRegistry Registry { get; set; } = default!;

    protected override bool ShouldRender() => false;

    protected override Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
        {
            return Task.CompletedTask;
        }

        Navigation.LocationChanged += ReadAddress;
        _board = new BrowserPart(JavaScript, Time, "./Dashboard/Timeline/TimelinePage.razor.js");
        return _board.OpenAsync(_root, new
        {
            NowMs = Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Vms = Registry.Lab.Vms.Select(vm => new
            {
                Name = vm.Name.ToString(),
                Host = vm.Host.ToString(),
                Arch = vm.Architecture.Word(),
                RunState = Registry.Find(vm.Name)?.State.RunState?.Word,
            }),
        });
    }

    public async ValueTask DisposeAsync()
    {
        Navigation.LocationChanged -= ReadAddress;
        await _reading;
        if (_board is not null)
        {
            await _board.DisposeAsync();
        }
    }

    /// <summary>A link to this page with another view, while it is open.</summary>
    private void ReadAddress(object? sender, LocationChangedEventArgs e)
    {
        if (new Uri(e.Location).AbsolutePath == "/timeline")
        {
            _reading = InvokeAsync(() => _board!.InvokeVoidAsync("readAddress"));
        }
    }
}

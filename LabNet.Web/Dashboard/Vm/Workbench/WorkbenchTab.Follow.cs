using System.Collections.Immutable;
using LabNet.Core.Feed;
using LabNet.Core.PciModels;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Dashboard.Vm.Trace;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>What goes by at the chosen device: first as the history has it since it was plugged in, then as it comes.</summary>
public sealed partial class WorkbenchTab
{
    /// <summary>At ten pulls a second 50,000 accesses a second, which is more than a guest makes under QEMU's tracing.</summary>
    private const int PullMax = 5000;

    /// <summary>The history of a device that did much is read so far back, no further.</summary>
    private const int HistoryMax = 5000;

    private TraceFollower _follower = default!;
    private TraceFilterText _filterText = TraceFilterText.None;
    private PluggedDevice? _device;
    private PciModel? _model;
    private RegisterValues? _values;
    private ImmutableArray<RegisterValue> _rows = [];
    private (int Bar, string Name)? _register;
    private string? _shown;
    private string? _storeProblem;
    private long _elsewhere;
    private bool _isIncomplete;
    private bool _paused;
    private TraceHold _hold;

    [Inject]
    private TraceStore Store { get; set; } = default!;

    [Inject]
    private TraceCatalogue Catalogue { get; set; } = default!;

    [Inject]
    private GuestRegisters Registers { get; set; } = default!;

    protected override Action NextPull()
    {
        var (device, values, filter, stands, seen) = (_device, _values, _filterText.Filter, _paused || _hold is not TraceHold.None, Seen);
        return () =>
        {
            (_built, _outdated) = (Models.Read(), Workbench.ReadOutdated());
            if (device is null || values is null)
            {
                return;
            }

            if (filter != _follower.Filter)
            {
                _follower.Choose(filter);
            }

            _follower.Pull(seen?.LastSequence ?? 0, seen?.FilteredOut ?? 0, stands);
            PullValues(device, values, filter);
        };
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        // Another build can have come by the last pull.
        if (RendererInfo.IsInteractive && _askedFor is { } asked && asked.Build != _built.Build)
        {
            await LookAsync();
            StateHasChanged();
        }
    }

    /// <summary>The one of the address, else the first.</summary>
    private void Choose()
    {
        var device = CustomDevices.FirstOrDefault(one => one.Id == Wanted) ?? CustomDevices.FirstOrDefault();
        if (device?.Id == _device?.Id && device?.At == _device?.At)
        {
            _device = device;
            return;
        }

        _device = device;
        _model = device is null ? null : Registers.ModelOf(Session, device);
        _values = _model is null ? null : new RegisterValues(_model);
        (_rows, _register, _shown, _storeProblem) = (_values?.Rows ?? [], null, null, null);
        _filterText = device is null ? TraceFilterText.None : TraceFilterText.Of(TracedAccess.FilterOf(device.Id), Catalogue);
        RequestRefresh();
    }

    /// <summary>One pull at a time: nobody else is at the values.</summary>
    private void PullValues(PluggedDevice device, RegisterValues values, TraceFilter? filter)
    {
        if (_shown != device.Id && values.LastSequence == 0)
        {
            TakeHistory(device, values, filter);
        }

        var page = Pump.TailOf(State.Name).Read(values.LastSequence, filter, PullMax);
        values.Take(page.Events, values.LastSequence > 0 && (page.Missed || page.Events.Count == PullMax));

        // Another device may have been chosen meanwhile; the next pull is its own.
        if (_values == values)
        {
            (_rows, _elsewhere, _isIncomplete, _shown) = (values.Rows, values.Elsewhere, values.IsIncomplete, device.Id);
        }
    }

    private void TakeHistory(PluggedDevice device, RegisterValues values, TraceFilter? filter)
    {
        try
        {
            var before = Store.Read(new TraceQuery(State.Name, HistoryMax, FromNs: device.At.ToUnixTimeNs(), Filter: filter));
            values.Take(before, before.Count == HistoryMax);
            _storeProblem = null;
        }
        catch (Exception e) when (e is DatabaseException or DamagedSegmentException)
        {
            _storeProblem = e.Message;
        }
    }

    private Task PauseAsync(bool paused)
    {
        _paused = paused;
        return RefreshAsync();
    }

    private Task HoldAsync(TraceHold hold)
    {
        _hold = hold;
        return RefreshAsync();
    }
}

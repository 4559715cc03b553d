using LabNet.Core.Faults;
using LabNet.Core.Traffic;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What the page asks for.</summary>
public sealed partial class LinksPage
{
    private Task InjectAsync((LinkEnd End, ImpairmentWish Wish) asked) => DoAsync(() => Desk.InjectAsync(asked.End, asked.Wish, _actor, _left));

    private Task LiftAsync(Fault fault) => DoAsync(() => Desk.LiftAsync(fault, _actor, _left));

    private Task SwitchFlowsAsync(bool on) => DoAsync(() => Desk.SwitchFlowsAsync(_link!.Name, on, _actor, _left));

    private Task CaptureAsync(CaptureRequest request) => DoAsync(async () =>
    {
        if (await Desk.BeginAsync(request, _actor, _left) is { } capture)
        {
            Navigation.NavigateTo(AddressOf(capture: capture.Id));
        }
    });

    private Task StopAsync(Capture capture) => DoAsync(() => Desk.StopAsync(capture, _actor, _left));

    private Task DeleteAsync(Capture capture) => DoAsync(async () =>
    {
        if (await Desk.DeleteAsync(capture, _actor, _left) && capture.Id == ChosenCapture)
        {
            Navigation.NavigateTo(AddressOf());
        }
    });

    private Task SendAsync(TrafficWish wish) => DoAsync(async () =>
    {
        if (await Desk.BeginAsync(wish, _actor, _left) is { } run)
        {
            _runs = _runs is { } runs && runs.Any(one => one.Id == run.Id) ? runs : [run, .. _runs ?? []];
            Navigation.NavigateTo(AddressOf(run: run.Id));
        }
    });

    private async Task DoAsync(Func<Task> action)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await action();
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        finally
        {
            _busy = false;
        }
    }
}

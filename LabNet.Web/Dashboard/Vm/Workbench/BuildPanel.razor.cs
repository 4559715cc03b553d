using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Workbench;

/// <summary>The build of the custom devices: which there is, and what the one that runs says.</summary>
public sealed partial class BuildPanel : IAsyncDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private RenderThrottle? _throttle;
    private Task _render = Task.CompletedTask;
    private ImmutableArray<string> _lines = [];
    private Operation? _last;

    [Inject]
    private PciBuilder Builder { get; set; } = default!;

    [Inject]
    private WorkbenchDesk Desk { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    /// <summary>The newest build; null for none.</summary>
    [Parameter, EditorRequired]
    public PciBuild? Built { get; set; }

    /// <summary>The VMs that have to be started anew to have its devices.</summary>
    [Parameter]
    public ImmutableArray<VmName> Outdated { get; set; } = [];

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    /// <summary>A build has begun or ended.</summary>
    [Parameter]
    public EventCallback OnChange { get; set; }

    private Operation? Last => _last;

    private Operation? Running => _last is { State: OperationState.Running } running ? running : null;

    private string? WhyNot => Actor.Role < Role.Operator ? "This needs the role operator."
        : !RendererInfo.IsInteractive ? "The page is not live yet."
        : null;

    public async ValueTask DisposeAsync()
    {
        Builder.Changed -= Request;
        await _leaving.CancelAsync();
        _throttle?.Dispose();
        await _render;
        _leaving.Dispose();
    }

    protected override void OnInitialized()
    {
        if (RendererInfo.IsInteractive)
        {
            _throttle = new RenderThrottle(RenderThrottle.TenPerSecond, Time, () => _render = InvokeAsync(LookAsync));
            Builder.Changed += Request;
        }

        (_last, _lines) = (Builder.Last, Builder.Lines);
    }

    private void Request(object? sender, EventArgs e) => _throttle!.Request();

    private async Task LookAsync()
    {
        var before = _last;
        (_last, _lines) = (Builder.Last, Builder.Lines);
        if (_last?.Id != before?.Id || _last?.State != before?.State)
        {
            await OnChange.InvokeAsync();
        }

        StateHasChanged();
    }

    private Task BuildAsync(bool force) => Desk.BuildAsync(force, Actor, _leaving.Token);

    private static string Standing(Operation last) => last switch
    {
        { State: OperationState.Running } => "The devices are being built.",
        { State: OperationState.Succeeded, EndedAt: { } at } => $"Built in {(at - last.StartedAt).TotalSeconds:0.0} s.",
        { State: OperationState.Cancelled } => "The build was cancelled; the devices of before stay.",
        _ => FirstLine(last.Error ?? "The devices were not built."),
    };

    /// <summary>The rest stands in what the build said.</summary>
    private static string FirstLine(string error) => error.Split('\n')[0];

    private static string Tone(Operation last) => last.State switch
    {
        OperationState.Succeeded => "tone-good",
        OperationState.Failed => "tone-bad",
        _ => "tone-quiet",
    };

    private static IconShape Shape(Operation last) => last.State switch
    {
        OperationState.Succeeded => IconShape.Check,
        OperationState.Failed => IconShape.Warning,
        _ => IconShape.Info,
    };
}

using LabNet.Core.Faults;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm.Faults;

/// <summary>What to break, how, and for how long.</summary>
public sealed partial class FaultForm
{
    private readonly FaultWish _wish = new();
    private IReadOnlyList<string> _whyNot = [];
    private FaultRequest? _request;
    private string? _mistake;
    private string? _refusal;
    private bool _busy;

    [Parameter, EditorRequired]
    public VmFaults Faults { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    private string? WhyNot => !RendererInfo.IsInteractive ? "The page is not live yet."
        : Actor.Role < Role.Operator ? "This needs the role operator."
        : !State.IsThere ? $"{State.Name} does not run."
        : null;

    protected override void OnParametersSet()
    {
        _wish.Fit(State);
        Judge();
    }

    private void Choose(string kind)
    {
        _wish.Kind = kind;
        _refusal = null;
        Judge();
    }

    private void Judge()
    {
        _whyNot = Faults.WhyNot(_wish.Kind);
        _request = _wish.Read(State.Definition, out _mistake);
    }

    private async Task InjectAsync()
    {
        if (_busy || _request is not { } request)
        {
            return;
        }

        (_busy, _refusal) = (true, null);
        try
        {
            // A page that is left does not take back what was asked for.
            _refusal = await FaultDesk.InjectAsync(Faults, request, Actor, CancellationToken.None);
        }
        finally
        {
            _busy = false;
        }
    }
}

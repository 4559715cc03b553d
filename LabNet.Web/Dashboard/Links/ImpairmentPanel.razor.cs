using LabNet.Core.Faults;
using LabNet.Core.Traffic;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Links;

/// <summary>What of a link's NICs can be broken, and what is broken just now.</summary>
public sealed partial class ImpairmentPanel
{
    private static readonly (string Kind, string Name)[] Kinds = [(FaultKinds.LinkDown, "Link down"), (FaultKinds.LinkFlap, "Flapping"), (FaultKinds.LinkImpair, "Impaired frames")];

    private readonly ImpairmentWish _wish = new();
    private LinkEnd? _chosen;

    [Parameter, EditorRequired]
    public IReadOnlyList<LinkEnd> Ends { get; set; } = [];

    /// <summary>What works at each NIC; null until it is known.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyDictionary<CaptureNic, IReadOnlyList<ImpairmentAbility>>? Abilities { get; set; }

    /// <summary>Those of the link's NICs that are in force or to come.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<Fault> Faults { get; set; } = [];

    [Parameter]
    public bool Wide { get; set; }

    [Parameter]
    public string? WhyNot { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback<(LinkEnd End, ImpairmentWish Wish)> OnInject { get; set; }

    [Parameter]
    public EventCallback<Fault> OnLift { get; set; }

    private IEnumerable<LinkEnd> Nics => Ends.Where(end => end.Id is not null);

    private string? Mistake => _wish.Mistake(_chosen!.Id!.Value);

    private IReadOnlyList<ImpairmentAbility> Known => Abilities?.GetValueOrDefault(_chosen!.Nic) ?? [];

    /// <summary>Where the link cannot delay frames, QEMU can; see docs/faults.md.</summary>
    private bool IsBuffered => Known.Any(ability => ability is { Part: ImpairmentPart.Delay, Works: false });

    private IEnumerable<ImpairmentPart> Offered => Known.Where(ability => ability.Works || ability.Part == ImpairmentPart.Delay).Select(ability => ability.Part);

    private IEnumerable<IGrouping<string, ImpairmentAbility>> Missing => Known.Where(ability => !ability.Works && ability.Part != ImpairmentPart.Delay).GroupBy(ability => ability.WhyNot!);

    protected override void OnParametersSet()
    {
        _chosen = Nics.FirstOrDefault(end => end.Nic == _chosen?.Nic) ?? Nics.FirstOrDefault();
        DropWhatDoesNotWork();
    }

    private void ChooseNic(string? nic)
    {
        _chosen = Nics.FirstOrDefault(end => end.Nic.ToString() == nic) ?? _chosen;
        DropWhatDoesNotWork();
    }

    private void DropWhatDoesNotWork()
    {
        if (_chosen is not null)
        {
            _wish.Drop(Missing.SelectMany(missing => missing).Select(ability => ability.Part));
        }
    }

    private Task InjectAsync() => OnInject.InvokeAsync((_chosen!, _wish));
}

using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Links;

/// <summary>Asks for packets from one VM of a link to another.</summary>
public sealed partial class TrafficForm
{
    private string _from = "";
    private string _to = "";
    private TrafficProtocol _protocol;
    private int _port = TrafficWish.PortAtFirst;
    private int _count = 100;
    private double _rate = 20;
    private int? _bytes;
    private string _payload = "LabNet";
    private string _script = "";

    [Parameter, EditorRequired]
    public LinkName Link { get; set; }

    /// <summary>Those that are on the link.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<VmName> Vms { get; set; } = [];

    [Parameter]
    public string? WhyNot { get; set; }

    [Parameter]
    public bool Busy { get; set; }

    [Parameter]
    public EventCallback<TrafficWish> OnBegin { get; set; }

    /// <summary>The runs until now.</summary>
    [Parameter]
    public RenderFragment? ChildContent { get; set; }

    private TrafficWish Wish => new(
        VmName.Parse(_from), VmName.Parse(_to), Link, _protocol, _port, _payload, _bytes, _count, _rate, string.IsNullOrWhiteSpace(_script) ? null : _script.Trim());

    private string? Mistake => Wish.Mistake;

    protected override void OnParametersSet()
    {
        if (Vms.Count >= 2 && Vms.All(vm => vm.ToString() != _from))
        {
            _from = Vms[0].ToString();
        }

        if (Vms.Count >= 2 && Vms.All(vm => vm.ToString() != _to))
        {
            _to = Vms.First(vm => vm.ToString() != _from).ToString();
        }
    }
}

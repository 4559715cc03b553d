using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What goes on in the guest, as its agent tells it.</summary>
public sealed partial class GuestTab
{
    /// <summary>A list of processes costs a TCG guest some hundred milliseconds.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    private static readonly QemuQuestion[] SystemQuestions =
        [new("guest-get-osinfo"), new("guest-get-host-name"), new("guest-get-time"), new("guest-get-timezone"), new("guest-info")];

    private string _filter = "";

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    private static string Missing(GuestInfo info, string part) => info.Missing.GetValueOrDefault(part, "–");
}

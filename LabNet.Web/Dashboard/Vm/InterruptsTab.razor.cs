using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>What interrupts a VM's processors.</summary>
public sealed partial class InterruptsTab
{
    private static readonly QemuQuestion[] InterruptQuestions = [new("x-query-irq")];

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;
}

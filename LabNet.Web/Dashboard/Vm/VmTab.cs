namespace LabNet.Web.Dashboard.Vm;

/// <summary>The parts of a VM's page, in their order.</summary>
public enum VmTab
{
    General,
    CpuMemory,
    Devices,
    MemoryMap,
    Block,
    Snapshots,
    Benchmark,
    Recovery,
    Faults,
    Network,
    Interrupts,
    Guest,
    Trace,
    Workbench,
    Console,
    Qmp,
}

internal static class VmTabs
{
    public static string Title(this VmTab tab) => tab switch
    {
        VmTab.CpuMemory => "CPU & Memory",
        VmTab.MemoryMap => "Memory map",
        VmTab.Qmp => "QMP",
        _ => tab.ToString(),
    };

    /// <summary>The last part of the address; none for the first tab.</summary>
    public static string Path(this VmTab tab) => tab switch
    {
        VmTab.General => "",
        VmTab.CpuMemory => "cpu-memory",
        VmTab.MemoryMap => "memory-map",
        _ => tab.ToString().ToLowerInvariant(),
    };

    public static string Address(this VmTab tab, Core.Labs.VmName vm) => tab == VmTab.General ? $"/vms/{vm}" : $"/vms/{vm}/{tab.Path()}";

    /// <summary>Null for an address that leads nowhere.</summary>
    public static VmTab? Of(string? path)
    {
        foreach (var tab in Enum.GetValues<VmTab>())
        {
            if (tab.Path() == (path ?? ""))
            {
                return tab;
            }
        }

        return null;
    }
}

using LabNet.Core.Hosts;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.TraceEvents;

/// <summary>What a VM's log is read by: which thread is which vCPU, and which address is which register.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class TraceSurroundings(VmSession vm, TimeProvider time)
{
    /// <summary>While registers are accessed, the memory map is looked at so often: it costs QEMU a millisecond.</summary>
    private static readonly TimeSpan MapPeriod = TimeSpan.FromSeconds(5);

    /// <summary>And so often where an address was in no range: the guest has just moved something.</summary>
    private static readonly TimeSpan MapPeriodAtMisses = TimeSpan.FromMilliseconds(500);

    private QemuProcess? _vcpusOf;
    private long? _mappedAt;
    private long _mappedAccesses;
    private System.Collections.Immutable.ImmutableArray<PluggedDevice> _mappedPlugged = [];

    /// <summary>Asks QEMU for what is not known yet. What it does not answer is asked again.</summary>
    public async Task LookAsync(TraceReader reader, CancellationToken cancellationToken)
    {
        if (vm.State.Connection is not QmpLinkState.Connected)
        {
            return;
        }

        try
        {
            await ReadVcpusAsync(reader, cancellationToken);
            if (IsMapDue(reader))
            {
                (_mappedAt, _mappedAccesses, _mappedPlugged) = (time.GetTimestamp(), reader.RegisterAccesses, vm.State.Plugged);
                reader.Registers = new TraceRegisters(await PciAddressMap.ReadAsync(vm, cancellationToken));
            }
        }
        catch (QmpException)
        {
            // Until then threads have no vCPU and addresses no register.
        }
    }

    /// <summary>Asked once of each QEMU: its vCPUs' threads stay.</summary>
    private async Task ReadVcpusAsync(TraceReader reader, CancellationToken cancellationToken)
    {
        var process = vm.Process;
        if (process is null || _vcpusOf == process)
        {
            return;
        }

        var cpus = await vm.ReadAsync(MachineCommands.QueryCpusFast, cancellationToken);
        reader.SetVcpus(cpus.DistinctBy(cpu => cpu.ThreadId).ToDictionary(cpu => (int)cpu.ThreadId, cpu => (int)cpu.CpuIndex));
        reader.Pairing.Reset();
        (_vcpusOf, _mappedAt) = (process, null);
    }

    private bool IsMapDue(TraceReader reader) => _mappedAt is not { } at
        ? reader.RegisterAccesses > 0 || vm.State.TraceSwitches.Any(one => one.Enabled)
        : reader.RegisterAccesses > _mappedAccesses
            && (_mappedPlugged != vm.State.Plugged || time.GetElapsedTime(at) >= (reader.Registers.Misses > 0 ? MapPeriodAtMisses : MapPeriod));
}

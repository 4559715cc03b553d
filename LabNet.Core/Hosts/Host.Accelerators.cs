using System.Collections.Concurrent;
using LabNet.Core.Labs;
using RuntimeArchitecture = System.Runtime.InteropServices.Architecture;
using RuntimeInformation = System.Runtime.InteropServices.RuntimeInformation;

namespace LabNet.Core.Hosts;

/// <param name="Reason">In words, for people.</param>
public sealed record AcceleratorDecision(Accelerator Kind, string Reason);

public sealed partial class Host
{
    /// <summary>A kernel under KVM prints its first line within a second; a hanging one never does.</summary>
    private static readonly TimeSpan KvmProbeTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Architecture, Task<AcceleratorDecision>> _decisions = new();

    /// <summary>This machine's own.</summary>
    public static Architecture Architecture => RuntimeInformation.OSArchitecture switch
    {
        RuntimeArchitecture.X64 => Architecture.X86_64,
        RuntimeArchitecture.Arm64 => Architecture.Aarch64,
        var other => throw new HostException($"LabNet runs on x86_64 and aarch64 machines, not on {other}."),
    };

    /// <summary>KVM where it really runs guests, else TCG. Found out once per architecture.</summary>
    /// <exception cref="HostException">The lab file asks for KVM and it does not work here.</exception>
    public async Task<AcceleratorDecision> ChooseAcceleratorAsync(StartedVm vm, GuestImage image, CancellationToken cancellationToken)
    {
        if (vm.Accelerator == AcceleratorChoice.Tcg)
        {
            return new AcceleratorDecision(Accelerator.Tcg, "as the lab file says");
        }

        var decision = await _decisions.GetOrAdd(vm.Architecture, _ => DecideAsync(vm.Architecture, image)).WaitAsync(cancellationToken);
        return vm.Accelerator == AcceleratorChoice.Kvm && decision.Kind != Accelerator.Kvm
            ? throw new HostException($"The lab file asks for KVM for {vm.Name}, and it does not work here: {decision.Reason}. Use accelerator: auto.")
            : decision;
    }

    private static async Task<AcceleratorDecision> DecideAsync(Architecture guest, GuestImage image)
    {
        static AcceleratorDecision Tcg(string reason) => new(Accelerator.Tcg, reason);

        if (guest != Architecture)
        {
            return Tcg($"a guest of {guest.Word()} on a machine of {Architecture.Word()}");
        }

        if (!File.Exists("/dev/kvm"))
        {
            return Tcg("this machine has no /dev/kvm");
        }

        if (Architecture == Architecture.X86_64 && !CpuHasVirtualization())
        {
            return Tcg("this machine's CPU shows neither vmx nor svm");
        }

        try
        {
            using var kvm = File.Open("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Tcg("/dev/kvm may not be opened; add the user to the group kvm");
        }

        return await BootsUnderKvmAsync(guest, image)
            ? new AcceleratorDecision(Accelerator.Kvm, "a kernel booted under KVM when it was tried")
            : Tcg("a kernel did not boot under KVM when it was tried");
    }

    private static bool CpuHasVirtualization() => File.ReadLines("/proc/cpuinfo")
        .First(line => line.StartsWith("flags", StringComparison.Ordinal))
        .Split(' ')
        .Any(flag => flag is "vmx" or "svm");

    /// <summary>
    /// A /dev/kvm that opens proves nothing: there are machines where QEMU starts under KVM and the guest then hangs. So a kernel is
    /// booted without a root file system; it panics, reboots, and QEMU ends.
    /// </summary>
    private static async Task<bool> BootsUnderKvmAsync(Architecture guest, GuestImage image)
    {
        var (machine, console) = guest == Architecture.X86_64 ? ("q35", "ttyS0") : ("virt,gic-version=host", "ttyAMA0");
        using var timeout = new CancellationTokenSource(KvmProbeTimeout);
        try
        {
            var result = await RunToEndAsync(
                guest.QemuBinary(),
                [
                    "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-m", "256", "-machine", machine,
                    "-accel", "kvm", "-cpu", "host", "-kernel", image.Kernel, "-append", $"console={console} panic=-1",
                ],
                input: null,
                timeout.Token);
            return result.Output.Contains("Linux version", StringComparison.Ordinal);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

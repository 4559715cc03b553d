namespace LabNet.Core.Labs;

/// <summary>Of a guest or of a host.</summary>
public enum Architecture
{
#pragma warning disable CA1707 // QEMU's and the kernel's word has the underscore.
    X86_64,
#pragma warning restore CA1707
    Aarch64,
}

public enum HostKind
{
    /// <summary>A network namespace of this machine.</summary>
    Namespace,

    /// <summary>A machine of its own, which reads the same lab file.</summary>
    Machine,
}

/// <summary>What carries a link's frames.</summary>
public enum LinkTransport
{
    /// <summary>The kernel where it can, else the relay; whoever brings the lab up decides (<see cref="Lab.WithTransport"/>).</summary>
    Auto,

    /// <summary>Bridges, taps and VXLAN devices of the kernel.</summary>
    Vxlan,

    /// <summary>A process of LabNet's own, which needs neither root nor taps.</summary>
    Relay,
}

public enum NicModel
{
    VirtioNet,
    E1000e,
}

/// <summary>What the lab file asks for; what then runs is an <see cref="Accelerator"/>.</summary>
public enum AcceleratorChoice
{
    /// <summary>KVM where it really works, else TCG.</summary>
    Auto,
    Kvm,
    Tcg,
}

/// <summary>What runs the guest's code.</summary>
public enum Accelerator
{
    Kvm,
    Tcg,
}

/// <summary>The enumerations in the lab file's and QEMU's words.</summary>
public static class Words
{
    /// <summary>QEMU's word, as in <c>qemu-system-aarch64</c>.</summary>
    public static string Word(this Architecture architecture) => architecture switch
    {
        Architecture.X86_64 => "x86_64",
        Architecture.Aarch64 => "aarch64",
        _ => throw new ArgumentOutOfRangeException(nameof(architecture), architecture, message: null),
    };

    /// <summary>The program that runs guests of this architecture, to be found on the host's PATH.</summary>
    public static string QemuBinary(this Architecture architecture) => "qemu-system-" + architecture.Word();

    /// <summary>The serial console as the guest's kernel names it, below /dev: of a 16550 or of a PL011.</summary>
    public static string ConsoleTty(this Architecture architecture) => architecture == Architecture.X86_64 ? "ttyS0" : "ttyAMA0";

    public static string Word(this HostKind kind) => kind switch
    {
        HostKind.Namespace => "namespace",
        HostKind.Machine => "machine",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    public static string Word(this LinkTransport transport) => transport switch
    {
        LinkTransport.Auto => "auto",
        LinkTransport.Vxlan => "vxlan",
        LinkTransport.Relay => "relay",
        _ => throw new ArgumentOutOfRangeException(nameof(transport), transport, message: null),
    };

    public static string Word(this NicModel model) => model switch
    {
        NicModel.VirtioNet => "virtio-net",
        NicModel.E1000e => "e1000e",
        _ => throw new ArgumentOutOfRangeException(nameof(model), model, message: null),
    };

    public static string Word(this AcceleratorChoice choice) => choice switch
    {
        AcceleratorChoice.Auto => "auto",
        AcceleratorChoice.Kvm => "kvm",
        AcceleratorChoice.Tcg => "tcg",
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, message: null),
    };

    /// <summary>QEMU's word, as in <c>-accel tcg</c>.</summary>
    public static string Word(this Accelerator accelerator) => accelerator switch
    {
        Accelerator.Kvm => "kvm",
        Accelerator.Tcg => "tcg",
        _ => throw new ArgumentOutOfRangeException(nameof(accelerator), accelerator, message: null),
    };
}

using System.Security.Cryptography;
using System.Text;

namespace LabNet.Core.Labs;

/// <summary>
/// Builds QEMU's arguments, each as the process gets it: no shell reads them. Only options that QEMU 7.2 to 10 all know are used.
/// Every device has an id, and every PCI device a fixed address (<see cref="PciSlots"/>).
/// </summary>
public static partial class QemuCommandLine
{
    /// <summary>The character device behind the guest agent's port, as query-chardev names it.</summary>
    public const string AgentChardev = "agent";

    /// <summary>The balloon device, by which the guest tells its memory's use.</summary>
    public const string BalloonId = "balloon0";

    /// <returns>The arguments after the program (<see cref="Words.QemuBinary"/>).</returns>
    /// <exception cref="ArgumentException">The launch contradicts itself, or a path can't be carried on a command line.</exception>
    public static IReadOnlyList<string> Build(QemuLaunch launch)
    {
        ThrowIfContradictory(launch);
        var arguments = new QemuArguments();
        arguments.AddList("-name", first: null, ("guest", launch.Vm.Name.ToString()), ("debug-threads", "on"));
        arguments.AddRaw("-uuid", Uuid(launch).ToString());
        AddMachine(arguments, launch);
        AddProcess(arguments, launch.TraceLog);
        if (launch.PciPlugin is { } plugin)
        {
            // Its devices are known to QEMU from here on, for -device and device_add alike.
            arguments.AddList("-plugin", first: null, ("file", plugin));
        }

        AddSockets(arguments, launch.Paths);
        AddDevices(arguments, launch);
        AddPlugged(arguments, launch.Plugged);
        arguments.AddRaw("-kernel", launch.Image.Kernel);
        arguments.AddRaw("-initrd", launch.Image.Initrd);
        arguments.AddRaw("-append", KernelCommandLine.For(launch));
        if (launch.LoadSnapshot is { } tag)
        {
            arguments.AddRaw("-loadvm", tag);
        }

        if (launch.Paused)
        {
            arguments.Add("-S");
        }

        return arguments.ToList();
    }

    /// <summary>
    /// MiB of translated code, after which QEMU begins anew. Each program that the guest starts is translated for its own addresses and never
    /// again; QEMU's default is a GiB of that for every VM (docs/measurements.md).
    /// </summary>
    private const string TcgCache = "tb-size=256";

    private static void AddMachine(QemuArguments arguments, QemuLaunch launch)
    {
        var kvm = launch.Accelerator == Accelerator.Kvm;
        var x86 = launch.Vm.Architecture == Architecture.X86_64;
        arguments.AddRaw("-machine", x86 ? "q35" : kvm ? "virt,gic-version=host" : "virt,gic-version=3");

        // Under TCG "max" would cost an aarch64 guest three times the boot time, for pointer authentication.
        arguments.AddRaw("-cpu", kvm ? "host" : x86 ? "qemu64" : "cortex-a57");
        arguments.AddRaw("-accel", kvm ? "kvm" : Tcg(launch));
        arguments.AddRaw("-smp", $"{launch.Vm.Cpus}");
        arguments.AddRaw("-m", $"{launch.Vm.MemoryBytes / LabLimits.MiB}M");
    }

    /// <summary>
    /// A thread a vCPU, save where the guest's memory order is stronger than the host's: there QEMU 7.2 warns of "strange/hard to debug
    /// errors", so QEMU chooses by itself, which is one thread in 7.2.
    /// </summary>
    private static string Tcg(QemuLaunch launch) =>
        launch is { Vm.Architecture: Architecture.X86_64, HostArchitecture: Architecture.Aarch64 } ? $"tcg,{TcgCache}" : $"tcg,thread=multi,{TcgCache}";

    private static void AddProcess(QemuArguments arguments, string? traceLog)
    {
        arguments.Add("-nodefaults");
        arguments.Add("-no-user-config");
        arguments.AddRaw("-display", "none");

        // With spawn=deny QMP's "migrate exec:" runs no shell.
        arguments.AddRaw("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");

        // Gives 7.2's trace lines their time and thread id.
        arguments.AddRaw("-msg", "timestamp=on");
        if (traceLog is not null)
        {
            arguments.AddRaw("-D", traceLog);
        }

        // A guest that died stays as it is, to be looked at.
        arguments.AddRaw("-action", "panic=pause,watchdog=pause");
    }

    private static void AddSockets(QemuArguments arguments, VmPaths paths)
    {
        AddQmp("control", paths.ControlSocket);
        AddQmp("metrics", paths.MetricsSocket);
        AddQmp("user", paths.UserSocket);
        AddSocket(arguments, "console", paths.ConsoleSocket);
        arguments.AddRaw("-serial", "chardev:console");

        void AddQmp(string id, string path)
        {
            AddSocket(arguments, id, path);
            arguments.AddList("-mon", first: null, ("chardev", id), ("mode", "control"));
        }
    }

    /// <summary>QEMU listens and starts without waiting for a client.</summary>
    private static void AddSocket(QemuArguments arguments, string id, string path) =>
        arguments.AddList("-chardev", "socket", ("id", id), ("path", path), ("server", "on"), ("wait", "off"));

    /// <summary>Always the same for the same VM of the same lab, so that the guest is known again. RFC 9562 § 5.8, version 8.</summary>
    private static Guid Uuid(QemuLaunch launch)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"labnet/{launch.Lab}/{launch.Vm.Name}"))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    private static void ThrowIfContradictory(QemuLaunch launch)
    {
        if (launch.Accelerator == Accelerator.Kvm && launch.Vm.Architecture != launch.HostArchitecture)
        {
            var (host, guest) = (launch.HostArchitecture.Word(), launch.Vm.Architecture.Word());
            throw new ArgumentException($"KVM on {host} can't run the {guest} guest of VM \"{launch.Vm.Name}\".", nameof(launch));
        }

        if (launch.Vm.Share is null != launch.ShareFolder is null)
        {
            throw new ArgumentException($"VM \"{launch.Vm.Name}\" has a share without a folder, or the reverse.", nameof(launch));
        }

        foreach (var nic in launch.Vm.Nics.OfType<LinkNic>().Where(nic => !launch.LinkPorts.ContainsKey(nic.Id)))
        {
            throw new ArgumentException($"{nic.Id} of VM \"{launch.Vm.Name}\" has no port of its link.", nameof(launch));
        }

        string?[] paths =
        [
            launch.Image.Kernel, launch.Image.Initrd, launch.PciPlugin, launch.ShareFolder, launch.Vm.Cdrom, .. launch.Vm.Nics.OfType<UserNic>().Select(nic => nic.TftpFolder),
        ];
        foreach (var path in paths.OfType<string>().Where(path => !Path.IsPathFullyQualified(path)))
        {
            throw new ArgumentException($"\"{path}\" is relative; QEMU would look for it in its own working folder.", nameof(launch));
        }
    }
}

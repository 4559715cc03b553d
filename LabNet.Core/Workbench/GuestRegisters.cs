using System.Globalization;
using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Vms;

namespace LabNet.Core.Workbench;

/// <summary>
/// Reads and writes registers the way that software does: by the guest's processor. The program for it (pci-device/guest/mmio_rw.c) is handed
/// to the guest by its agent, once a boot.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class GuestRegisters(DeviceTopologyReader devices, PciModelCatalogue models)
{
    private const string Program = "mmio_rw";
    private const string ProgramSays = Program + ": ";

    /// <summary>Of no program: those of a shell's are below 126, those of signals above.</summary>
    private const int NotThere = 126;

    /// <summary>/run is memory, so a guest that boots anew has nothing of an older build.</summary>
    private const string CallScript = """
        p=/run/labnet-$1
        [ -x "$p" ] || exit 126
        shift
        exec "$p" "$@"
        """;

    /// <summary>Whole or not at all: another call may be on its way.</summary>
    private const string TakeScript = """
        p=/run/labnet-$1
        cat >"$p.$$" && chmod 0700 "$p.$$" && mv "$p.$$" "$p" && [ -x "$p" ]
        """;

    /// <summary>Reads or writes, for the actor (operator); audited.</summary>
    /// <returns>What was read, or written.</returns>
    /// <exception cref="ArgumentException"><see cref="RegisterPoke.MistakeFor"/> is not null.</exception>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">The device is not there, the build has no program for such a guest, or the guest refuses; the message has the guest's words.</exception>
    /// <exception cref="GuestAgentException"/>
    public async Task<ulong> PokeAsync(VmSession vm, PluggedDevice device, RegisterPoke poke, Actor actor, CancellationToken cancellationToken)
    {
        var model = ModelOf(vm, device) ?? throw new VmConflictException($"{device.Id} is no device whose registers are known: it is a {device.Kind}.");
        if (poke.MistakeFor(model) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(poke));
        }

        await vm.AllowAsync(poke.Value is null ? "register-read" : "register-write", $"{device.Id} {poke}", actor, cancellationToken);
        vm.ThrowUnlessGuestRuns("its guest accesses the register");
        var topology = await devices.ReadAsync(vm, cancellationToken);
        var address = topology.All.FirstOrDefault(one => one.QdevId == device.Id)?.Pci?.Address
            ?? throw new VmConflictException($"{vm.State.Name} has no device {device.Id} at the moment.");
        string[] arguments = poke.Value is { } value
            ? [Place(address, poke), Text(poke.Width), $"0x{value:x}"]
            : [Place(address, poke), Text(poke.Width)];
        var result = await CallAsync(vm, arguments, cancellationToken);
        return result.ExitCode == 0
            ? poke.Value ?? ReadValue(vm, result)
            : throw new VmConflictException($"The guest of {vm.State.Name} did not access {device.Id}: {Words(result, $"{Program} ended with exit status {result.ExitCode}")}");
    }

    /// <summary>The table of a plugged device, by the build that its QEMU was started with: a newer one may have other registers.</summary>
    /// <returns>Null of a device that is no custom one, or is in no table.</returns>
    public PciModel? ModelOf(VmSession vm, PluggedDevice device)
    {
        var built = vm.ReadPciBuildFolder() is { } started && models.ReadFolder(started) is { } theirs ? theirs : models.Read();
        return device.Properties is null ? null : built.Find(device.Kind);
    }

    /// <summary>By the program of the newest build: it knows nothing of devices.</summary>
    private async Task<GuestExecResult> CallAsync(VmSession vm, string[] arguments, CancellationToken cancellationToken)
    {
        var folder = models.Read().Build?.Folder ?? throw new VmConflictException($"{Program}, by which a guest accesses registers, was not built. ./infra/lab pci build does that; the VM runs on.");
        var program = Path.Join(folder, "guest", vm.State.Definition.Architecture.Word(), Program);
        if (!File.Exists(program))
        {
            throw new VmConflictException($"{program} is missing, by which a guest accesses registers. ./infra/lab pci build --force builds it; the VM runs on.");
        }

        // A folder of a build never changes, and its name says which it is.
        var name = $"{Program}-{Path.GetFileName(folder)}";
        var call = new GuestProgram("/bin/sh", ["-c", CallScript, "sh", name, .. arguments]);
        var result = await vm.RunInGuestAsync(call, cancellationToken);
        if (result.ExitCode != NotThere)
        {
            return result;
        }

        var content = await File.ReadAllBytesAsync(program, cancellationToken);
        var taken = await vm.RunInGuestAsync(new GuestProgram("/bin/sh", ["-c", TakeScript, "sh", name], content), cancellationToken);
        return taken.ExitCode == 0
            ? await vm.RunInGuestAsync(call, cancellationToken)
            : throw new VmConflictException($"The guest of {vm.State.Name} takes no program into /run: {Words(taken, "it may not be executed there")}");
    }

    private static ulong ReadValue(VmSession vm, GuestExecResult result)
    {
        var text = Encoding.UTF8.GetString(result.Stdout.Span).Trim();
        return RegisterPoke.TryParseNumber(text, out var value)
            ? value
            : throw new VmConflictException($"The guest of {vm.State.Name} did not answer with a value: {Words(result, "it said nothing")}");
    }

    private static string Words(GuestExecResult result, string orElse)
    {
        var words = string.Join(' ', GuestDevice.LinesOf(result.Stderr.Span)).Trim();
        var told = words.StartsWith(ProgramSays, StringComparison.Ordinal) ? words[ProgramSays.Length..] : words.Length > 0 ? words : orElse;
        return told.EndsWith('.') ? told : told + ".";
    }

    private static string Place(PciAddress address, RegisterPoke poke) => $"{address.LinuxName}:{Text(poke.Bar)}+0x{poke.Offset:x}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

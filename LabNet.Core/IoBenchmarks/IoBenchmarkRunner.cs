using System.Text;
using LabNet.Core.Devices;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Core.IoBenchmarks;

/// <summary>Measures a guest's disks with the fio that is installed there, while QEMU's counters of the same disk are read.</summary>
/// <remarks>Thread-safe. Of a VM one benchmark runs at a time.</remarks>
/// <param name="traced">Null where nothing takes trace events over.</param>
public sealed partial class IoBenchmarkRunner(IoBenchmarkStore store, HotPlug hotPlug, TracedRequests? traced, TimeProvider time)
{
    public const string OperationKind = VmSession.IoBenchmark;

    /// <summary>The only disk that LabNet gives a VM at its start, with the guest's system on it.</summary>
    private const string RootDisk = "vda";

    /// <summary>Looks whether it can be measured, keeps the run and begins. The run has the operation's id.</summary>
    /// <exception cref="ArgumentException">The request has a mistake.</exception>
    /// <exception cref="ForbiddenException">The actor is no operator.</exception>
    /// <exception cref="UnknownDiskException"/>
    /// <exception cref="VmConflictException">The guest does not run, has no fio or no such disk, the disk is in use, or a benchmark runs already.</exception>
    /// <exception cref="GuestAgentException"/>
    /// <exception cref="QmpException"/>
    public Task<Operation> BeginAsync(VmSession vm, IoBenchmarkRequest request, Actor actor, CancellationToken cancellationToken)
    {
        ThrowIfMistaken(request);
        return vm.BeginIoBenchmarkAsync(
            DetailOf(request),
            actor,
            async (id, ct) =>
            {
                var plan = await PlanAsync(vm, request, id, actor, ct);
                await store.AddAsync(plan.Run, ct);
                return (progress, cancelled) => RunAsync(plan, progress, cancelled);
            },
            cancellationToken);
    }

    /// <summary>Forgets a run of the VM that has ended, for the actor (operator).</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">It has not ended.</exception>
    /// <exception cref="DatabaseException"/>
    public async Task DeleteAsync(VmSession vm, IoBenchmark run, Actor actor, CancellationToken cancellationToken)
    {
        if (run.State == OperationState.Running)
        {
            throw new VmConflictException($"The run {run.Id} has not ended.");
        }

        await vm.AllowIoBenchmarkDeletionAsync($"{run.Profile} on {run.Device} ({run.Id})", actor, cancellationToken);
        await store.DeleteAsync(run.Id, CancellationToken.None);
    }

    /// <summary>The ids of the VM's disks, as QEMU has them now.</summary>
    /// <exception cref="QmpException"/>
    public static Task<IReadOnlyList<string>> ReadDisksAsync(VmSession vm, CancellationToken cancellationToken) => QemuDisk.ReadIdsAsync(vm, cancellationToken);

    private static void ThrowIfMistaken(IoBenchmarkRequest request)
    {
        if (request.Mistake() is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(request));
        }
    }

    private static string DetailOf(IoBenchmarkRequest request) =>
        $"{request.Profile} on {(request.Target == IoTarget.File ? "a file of" : "the disk")} {request.Device}, {request.Repeats} × {request.Seconds} s"
        + (request.Destroys is null ? "" : ", destroys what is on it") + (request.UnderLoad ? ", also under load" : "");

    private async Task<Plan> PlanAsync(VmSession vm, IoBenchmarkRequest request, string id, Actor actor, CancellationToken cancellationToken)
    {
        var profile = IoProfile.Find(request.Profile)!;
        var disk = await QemuDisk.FindAsync(vm, request.Device, cancellationToken);
        var guest = await ReadGuestAsync(vm, cancellationToken);
        var block = FindIn(guest, vm, disk);
        if (!guest.HasFio)
        {
            throw new VmConflictException($"The guest of {vm.State.Name} has no fio. Install it there (apt install fio).");
        }

        if (guest.RunningFio is { } pid && !request.UnderLoad)
        {
            throw new VmConflictException(
                $"fio runs in the guest of {vm.State.Name} already (process {pid}), and would be measured too. Wait for its end, or ask for a benchmark under load.");
        }

        if (request.Target == IoTarget.Disk && profile.Writes)
        {
            ThrowIfInUse(vm, guest, disk, block);
        }

        var folder = request.Target == IoTarget.Disk ? null : guest.FindFolder(block) ?? throw new VmConflictException(
            $"{disk.QdevId} ({block.Device}) has no file system in the guest that a file could be written to. Mount one, or measure the disk itself: \"target\": \"disk\".");
        var state = vm.State;
        var run = new IoBenchmark(
            id, state.Name, disk.QdevId, disk.Type, block.Device, profile.Name, request.Target, request.Label, request.Seconds, request.Repeats,
            state.QemuVersion?.ToString(), state.Accelerator?.Kind, actor.Name, OperationState.Running, time.GetUtcNow())
        {
            UnderLoad = guest.RunningFio is not null,
        };
        return new Plan(vm, run, profile, disk, folder);
    }

    private static async Task<GuestDisks> ReadGuestAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var result = await vm.RunInGuestAsync(GuestDisks.Program, cancellationToken);
        return GuestDisks.TryParse(result.Stdout.Span, out var guest)
            ? guest
            : throw new VmConflictException($"What the guest of {vm.State.Name} says of its disks is not whole: {Told(result.Stderr)}");
    }

    private static GuestBlock FindIn(GuestDisks guest, VmSession vm, QemuDisk disk) => guest.Find(disk.Pci, disk.Scsi) switch
    {
        [var one] => one,
        [] => throw new VmConflictException(
            $"QEMU has {disk.QdevId} at {disk.Pci}, and the guest of {vm.State.Name} shows no disk there: it has not found it yet, or has no driver for a {disk.Type}."),
        var several => throw new VmConflictException(
            $"{disk.QdevId} is several disks in the guest: {string.Join(", ", several.Select(block => block.Device))}. One cannot be told from the other."),
    };

    /// <summary>The id is looked at as well: what is not to be lost must not hang on the guest's words alone.</summary>
    private static void ThrowIfInUse(VmSession vm, GuestDisks guest, QemuDisk disk, GuestBlock block)
    {
        var why = vm.State.Definition is StartedVm && disk.QdevId == RootDisk ? "it is the guest's root disk" : guest.WhyInUse(block);
        if (why is not null)
        {
            throw new VmConflictException($"Nothing is written to {disk.QdevId} ({block.Device}) itself: {why}.");
        }
    }

    /// <summary>A program's words, short and without what a terminal would obey.</summary>
    private static string Told(ReadOnlyMemory<byte> output)
    {
        const int CharsMax = 400;
        var text = string.Concat(Encoding.UTF8.GetString(output.Span).Trim().Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length == 0 ? "it said nothing." : text.Length <= CharsMax ? text : text[..CharsMax] + "…";
    }

    /// <param name="Folder">Where the scratch file lies; null for the disk itself.</param>
    private sealed record Plan(VmSession Vm, IoBenchmark Run, IoProfile Profile, QemuDisk Disk, string? Folder)
    {
        /// <summary>Nothing was ever written to it: what would be read is nowhere, and needs no time.</summary>
        public bool IsNewDisk { get; init; }

        /// <summary>The run whose file this one reads and writes: laying out another one removes it.</summary>
        public string FileOf { get; init; } = Run.Id;

        public string? File => Folder is null ? null : FioCommand.FileIn(Folder, FileOf);

        public string Path => File ?? Run.GuestDevice;

        public string Engine { get; set; } = FioCommand.LinuxAio;
    }
}

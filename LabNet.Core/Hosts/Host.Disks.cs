using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

public sealed partial class Host
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the VM's folder (mode 0700), if it is not there yet.</summary>
    public void MakeFolder(VmPaths paths) => Directory.CreateDirectory(paths.Folder, OwnerOnly);

    /// <summary>Makes the VM's folder and its disk, if they are not there yet.</summary>
    /// <returns>Kernel and initramfs of the very image that the disk stands on.</returns>
    /// <exception cref="HostException">The guest image is missing, or the disk cannot be made.</exception>
    public async Task<GuestImage> PrepareVmAsync(StartedVm vm, VmPaths paths, CancellationToken cancellationToken)
    {
        MakeFolder(paths);

        // The kernel must fit the modules on the disk: a disk keeps to the image that it was made on, also when a newer one was built.
        var link = Path.Join(paths.Folder, "image");
        if (!File.Exists(paths.Disk))
        {
            File.Delete(link);
            Directory.CreateSymbolicLink(link, NewestImageOf(vm));
        }

        var folder = Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName;
        if (folder is null || !File.Exists(Path.Join(folder, "root.qcow2")))
        {
            throw new HostException(
                $"The guest image that {vm.Name}'s disk stands on is gone ({folder}). ./infra/lab down --purge, then up, starts it anew; what was on the disk is lost.");
        }

        if (!File.Exists(paths.Disk))
        {
            var making = paths.Disk + ".new";
            await RunAsync(
                "qemu-img",
                ["create", "-q", "-f", "qcow2", "-b", Path.Join(folder, "root.qcow2"), "-F", "qcow2", making],
                input: null,
                cancellationToken);
            File.Move(making, paths.Disk);
        }

        return new GuestImage(Path.Join(folder, "kernel"), Path.Join(folder, "initrd"));
    }

    private string NewestImageOf(StartedVm vm)
    {
        var link = Path.Join(Settings.GuestsFolder, $"{Settings.GuestRelease}-{vm.Architecture.Word()}");
        return Directory.Exists(link)
            ? Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link
            : throw new HostException($"There is no guest image for {vm.Architecture.Word()} ({link}). ./infra/guests/build.sh makes it.");
    }
}

using System.Text.Json;
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

    /// <summary>The folder of the images that a disk can be plugged in from; whoever runs LabNet puts them there.</summary>
    public string ImagesFolder => Path.Join(Settings.StateFolder, "images");

    /// <summary>Makes an empty qcow2 file, and its folder where it is not there yet.</summary>
    /// <param name="path">Nothing may be there.</param>
    /// <exception cref="HostException">It cannot be made.</exception>
    public static Task MakeDiskAsync(string path, long sizeBytes, CancellationToken cancellationToken) =>
        MakeAsync(path, ["create", "-q", "-f", "qcow2", path, $"{sizeBytes}"], cancellationToken);

    /// <summary>Makes a qcow2 file that stands on an image: what the guest writes goes to it, and the image stays as it is.</summary>
    /// <inheritdoc cref="MakeDiskAsync"/>
    public static async Task MakeOverlayAsync(string path, string image, CancellationToken cancellationToken)
    {
        using var info = JsonDocument.Parse(await RunAsync("qemu-img", ["info", "--output=json", image], input: null, cancellationToken));
        var format = info.RootElement.GetProperty("format").GetString()!;
        await MakeAsync(path, ["create", "-q", "-f", "qcow2", "-b", image, "-F", format, path], cancellationToken);
    }

    /// <summary>What qemu-img says of an image, as JSON: QAPI's ImageInfo. The file may be open elsewhere.</summary>
    /// <exception cref="HostException"/>
    public static Task<string> DescribeImageAsync(string path, CancellationToken cancellationToken) =>
        RunAsync("qemu-img", ["info", "--output=json", "--force-share", path], input: null, cancellationToken);

    /// <summary>Deletes a snapshot from a qcow2 file that no QEMU has open.</summary>
    /// <exception cref="HostException"/>
    public static Task DeleteSnapshotAsync(string path, string tag, CancellationToken cancellationToken) =>
        RunAsync("qemu-img", ["snapshot", "-q", "-d", tag, path], input: null, cancellationToken);

    /// <summary>Whether a qcow2 file that no QEMU has open is sound.</summary>
    /// <param name="repair">What is set right; the answer then says what is left.</param>
    /// <exception cref="HostException">It cannot be checked.</exception>
    public static async Task<ImageCheck> CheckImageAsync(string path, ImageRepair repair, CancellationToken cancellationToken)
    {
        // qemu-img(1): 0 sound, 2 corrupted, 3 leaks; 1 says that the check itself failed.
        const int Failed = 1;
        string[] wanted = repair == ImageRepair.None ? [] : ["-r", repair == ImageRepair.Leaks ? "leaks" : "all"];
        var (status, output, errors) = await RunToEndAsync("qemu-img", ["check", "--output=json", .. wanted, path], input: null, cancellationToken);
        if (status is < 0 or Failed or > 3)
        {
            throw new HostException($"{path} cannot be checked: {errors.Trim()}");
        }

        using var told = JsonDocument.Parse(output);
        return new ImageCheck(Number("leaks"), Number("corruptions"), Number("check-errors"));

        long Number(string name) => told.RootElement.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : 0;
    }

    private static async Task MakeAsync(string path, string[] arguments, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly);
        await RunAsync("qemu-img", arguments, input: null, cancellationToken);
    }

    private string NewestImageOf(StartedVm vm)
    {
        var link = Path.Join(Settings.GuestsFolder, $"{Settings.GuestRelease}-{vm.Architecture.Word()}");
        return Directory.Exists(link)
            ? Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link
            : throw new HostException($"There is no guest image for {vm.Architecture.Word()} ({link}). ./infra/guests/build.sh makes it.");
    }
}

/// <summary>What of a qcow2 file's faults is set right.</summary>
public enum ImageRepair
{
    None,

    /// <summary>Clusters that nothing points to are freed; nothing else is changed.</summary>
    Leaks,

    /// <summary>Also what contradicts itself: counts and flags are made to fit what the tables point to.</summary>
    All,
}

/// <summary>What is wrong with a qcow2 file.</summary>
/// <param name="Leaks">Clusters that take room and hold nothing: harmless, and what a QEMU that was killed may leave.</param>
/// <param name="Corruptions">Places where the file contradicts itself: data may be lost.</param>
/// <param name="Errors">Places that could not be looked at.</param>
public sealed record ImageCheck(long Leaks, long Corruptions, long Errors)
{
    public bool IsSound => Corruptions == 0 && Errors == 0;
}

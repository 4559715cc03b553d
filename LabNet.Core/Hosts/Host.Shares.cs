using LabNet.Core.Labs;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Hosts;

/// <summary>What guests get from this machine: shared folders, CD images, folders served by TFTP.</summary>
public sealed partial class Host
{
    private readonly Lock _placing = new();

    /// <summary>
    /// The folder that the guest shares; null if it shares none. One of the lab's own is made, and gets the programs of infra/share; a
    /// folder of the user's own is left as it is.
    /// </summary>
    /// <exception cref="HostException">A folder of the user's own is not there.</exception>
    public string? PrepareShare(StartedVm vm)
    {
        switch (vm.Share)
        {
            case Share.Named named:
                var made = Directory.CreateDirectory(Path.Join(Settings.StateFolder, "shares", named.Name.ToString())).FullName;
                PlacePrograms(made, Path.Join(Settings.StateFolder, "placed", named.Name.ToString()));
                return made;
            case Share.Folder folder:
                return Directory.Exists(folder.Path)
                    ? folder.Path
                    : throw new HostException($"{vm.Name} is to share {folder.Path}, which is no folder. Make it, or name another in the lab file.");
            default:
                return null;
        }
    }

    /// <summary>Looks whether the guest's CD image and TFTP folder are there: QEMU would tell it late, or not at all.</summary>
    /// <exception cref="HostException">One of them is not.</exception>
    public async Task CheckMediaAsync(StartedVm vm, CancellationToken cancellationToken)
    {
        // .NET takes a pipe or a device for a file too; opening one could take for ever.
        if (vm.Cdrom is { } image && (await RunToEndAsync("test", ["-f", image], input: null, cancellationToken)).Status != 0)
        {
            throw new HostException($"{vm.Name} is to have the CD image {image}, which is no file. Make it, or name another as its cdrom in the lab file.");
        }

        // QEMU would start and serve nothing.
        foreach (var nic in vm.Nics.OfType<UserNic>().Where(nic => nic.TftpFolder is not null && !Directory.Exists(nic.TftpFolder)))
        {
            throw new HostException(
                $"{vm.Name} is to get files from {nic.TftpFolder} by TFTP, which is no folder. Make it, or name another as tftp of {nic.Id} in the lab file.");
        }
    }

    /// <summary>
    /// A program is put where none is, and renewed where it still has the bytes that LabNet put there, of which <paramref name="record"/>
    /// keeps a copy. Anything else is the user's, or a guest's, and stays.
    /// </summary>
    private void PlacePrograms(string share, string record)
    {
        var source = Path.Join(Settings.InfraFolder, "share");

        // Two VMs that start at once may share one folder.
        lock (_placing)
        {
            try
            {
                Directory.CreateDirectory(record);
                foreach (var program in Directory.Exists(source) ? Directory.GetFiles(source, "*.py") : [])
                {
                    Place(program, Path.Join(share, Path.GetFileName(program)), Path.Join(record, Path.GetFileName(program)));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full or read-only share is no reason not to start a VM.
                LogNotPlaced(share, e.Message);
            }
        }
    }

    private void Place(string program, string target, string recorded)
    {
        var wanted = File.ReadAllBytes(program);
        if (!Holds(target, wanted))
        {
            var isThere = Path.Exists(target) || new FileInfo(target).LinkTarget is not null;
            if (isThere && !(File.Exists(recorded) && Holds(target, File.ReadAllBytes(recorded))))
            {
                LogLeft(target);
                return;
            }

            // Under another name first: a half-written program would pass for the user's own.
            var making = Path.Join(Path.GetDirectoryName(target), $".{Path.GetFileName(target)}.new");
            try
            {
                File.WriteAllBytes(making, wanted);
                File.Move(making, target, overwrite: true);
            }
            finally
            {
                File.Delete(making);
            }
        }

        if (!Holds(recorded, wanted))
        {
            File.WriteAllBytes(recorded, wanted);
        }
    }

    /// <summary>The guest may have made anything of the file: it is read only if it is one of the same length.</summary>
    private static bool Holds(string path, byte[] bytes) =>
        new FileInfo(path) is { Exists: true, LinkTarget: null } file && file.Length == bytes.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes);

    [LoggerMessage(1102, LogLevel.Warning, "LabNet's programs could not be put into {Share}: {Reason}")]
    private partial void LogNotPlaced(string share, string reason);

    [LoggerMessage(1103, LogLevel.Information, "{Path} was changed since LabNet put it there, and is left as it is; without it, the next start puts LabNet's own there")]
    private partial void LogLeft(string path);
}

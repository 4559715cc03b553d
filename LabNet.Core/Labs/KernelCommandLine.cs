namespace LabNet.Core.Labs;

/// <summary>
/// The guest kernel's command line. What starts with <c>lab.</c> is read by the guest image's init:
/// <code>
/// lab.hostname=NAME
/// lab.ethN=ADDRESS/PREFIX[,GATEWAY,DNS]
/// lab.ethN.mtu=BYTES
/// lab.share=TAG:FOLDER
/// lab.cdrom=FOLDER
/// </code>
/// </summary>
internal static class KernelCommandLine
{
    /// <summary>The 9p mount tag, whatever the folder on the host is called.</summary>
    public const string ShareTag = "workspace-shared";

    /// <summary>
    /// panic=-1 restarts the guest at once where pvpanic did not pause it first; mitigations slow down TCG for nothing; net.ifnames=0 keeps
    /// the names eth0, eth1, ….
    /// </summary>
    public static string For(QemuLaunch launch)
    {
        var words = new List<string>
        {
            "root=/dev/vda rw quiet panic=-1 mitigations=off net.ifnames=0",
            $"console={launch.Vm.Architecture.ConsoleTty()}",
            $"lab.hostname={launch.Vm.Name}",
        };
        foreach (var nic in launch.Vm.Nics)
        {
            if (nic is UserNic)
            {
                words.Add($"lab.{nic.Id}=10.0.2.15/24,10.0.2.2,10.0.2.3");
            }
            else if (nic is LinkNic link)
            {
                words.AddRange(link.Address is { } address ? [$"lab.{nic.Id}={address}"] : []);
                words.Add($"lab.{nic.Id}.mtu={launch.LinkPorts[nic.Id].MtuBytes}");
            }
        }

        if (launch.ShareFolder is not null)
        {
            words.Add($"lab.share={ShareTag}:/mnt");
        }

        if (launch.Vm.Cdrom is not null)
        {
            words.Add("lab.cdrom=/media/cdrom");
        }

        return string.Join(' ', words);
    }
}

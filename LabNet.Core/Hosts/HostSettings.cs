using System.Collections.Immutable;

namespace LabNet.Core.Hosts;

/// <summary>Where things are on this machine.</summary>
/// <param name="StateFolder">One lab's own: lab.db, tokens, a folder per VM. Mode 0700.</param>
/// <param name="InfraFolder">With network.sh and vm-run.sh.</param>
/// <param name="GuestsFolder">With what infra/guests/build.sh made.</param>
/// <param name="GuestRelease">Which Debian release's guests to take.</param>
/// <param name="Machine">Which of the lab file's machines this is; null for a lab of namespaces.</param>
public sealed record HostSettings(string StateFolder, string InfraFolder, string GuestsFolder, string GuestRelease, string? Machine)
{
    /// <summary>With what <c>infra/lab pci build</c> made; null where custom PCI devices are not wanted.</summary>
    public string? PciFolder { get; init; }

    /// <summary>The program whose command <c>relay FOLDER</c> is the relay of the lab's links; by default LabNet itself.</summary>
    public ImmutableArray<string> RelayProgram { get; init; } = ["dotnet", Path.Join(AppContext.BaseDirectory, "LabNet.Web.dll")];
}

/// <summary>Something about this machine stands in the way; the message says what, and what to do.</summary>
public sealed class HostException(string message, Exception? inner = null) : Exception(message, inner);

using System.Collections.Concurrent;
using LabNet.Core.Labs;

namespace LabNet.Core.Hosts;

public sealed partial class Host
{
    /// <summary>By the program's time of change: a QEMU that was upgraded is asked again.</summary>
    private readonly ConcurrentDictionary<(string Path, DateTime ChangedUtc), Task<string>> _versions = new();

    /// <summary>The custom PCI devices that were built here last; null where none were.</summary>
    /// <param name="problem">Why a build that is there cannot be used; null for no problem.</param>
    public PciBuild? ReadPciBuild(out string? problem)
    {
        problem = null;
        return Settings.PciFolder is { } folder ? PciBuild.ReadNewest(folder, out problem) : null;
    }

    /// <summary>The build that this machine's QEMU takes: it ends at once with a plugin that was built for another one.</summary>
    public async Task<PciBuildFinding> FindPciBuildAsync(Architecture architecture, CancellationToken cancellationToken)
    {
        if (ReadPciBuild(out var problem) is not { } build)
        {
            return new PciBuildFinding(null, problem ?? "The custom PCI devices have not been built here. ./infra/lab pci build does that.");
        }

        if (!File.Exists(build.Plugin))
        {
            return new PciBuildFinding(null, $"{build.Plugin} is missing. ./infra/lab pci build --force builds it anew.");
        }

        var version = await ReadQemuVersionAsync(architecture, cancellationToken);
        return build.IsFor(version)
            ? new PciBuildFinding(build, WhyNot: null)
            : new PciBuildFinding(null, $"The custom PCI devices were built for QEMU {build.QemuVersion} {build.QemuPackage}, and this machine has {version.Split('\n')[0]}. ./infra/lab pci build builds them for it.");
    }

    private async Task<string> ReadQemuVersionAsync(Architecture architecture, CancellationToken cancellationToken)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Join(folder, architecture.QemuBinary())).FirstOrDefault(File.Exists);
        var key = (path ?? architecture.QemuBinary(), path is null ? default : File.GetLastWriteTimeUtc(path));
        return await _versions.GetOrAdd(key, _ => RunAsync(architecture.QemuBinary(), ["--version"], input: null, CancellationToken.None)).WaitAsync(cancellationToken);
    }
}

/// <param name="Build">Null where there is none for this machine's QEMU.</param>
/// <param name="WhyNot">Then: the reason, and what to do; in words.</param>
public sealed record PciBuildFinding(PciBuild? Build, string? WhyNot);

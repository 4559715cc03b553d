using System.Collections.Concurrent;
using System.Diagnostics;
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

    /// <summary>Builds the custom PCI devices, by <c>infra/lab pci build</c>. Cancelling ends the build; what was built before stays as it is.</summary>
    /// <param name="force">Also what did not change.</param>
    /// <param name="say">Gets each line, in the order in which they were said; on any thread, never two at a time.</param>
    /// <returns>Its exit status.</returns>
    /// <exception cref="HostException">It cannot be run.</exception>
    internal async Task<int> BuildPciAsync(bool force, Action<string> say, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$@\" 2>&1", "bash", Path.Join(Settings.InfraFolder, "lab"), "pci", "build", .. force ? (string[])["--force"] : []])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (Path.GetDirectoryName(Settings.PciFolder) is { } cache)
        {
            start.Environment["LABNET_CACHE"] = cache;
        }

        using var process = Start(start);
        try
        {
            process.StandardInput.Close();
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                say(line);
            }

            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private async Task<string> ReadQemuVersionAsync(Architecture architecture, CancellationToken cancellationToken)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Join(folder, architecture.QemuBinary())).FirstOrDefault(File.Exists);
        var key = (path ?? architecture.QemuBinary(), path is null ? default : File.GetLastWriteTimeUtc(path));
        var asking = _versions.GetOrAdd(key, _ => RunAsync(architecture.QemuBinary(), ["--version"], input: null, CancellationToken.None));
        try
        {
            return await asking.WaitAsync(cancellationToken);
        }
        catch (HostException)
        {
            // Whoever comes next asks again.
            _versions.TryRemove(new(key, asking));
            throw;
        }
    }
}

/// <param name="Build">Null where there is none for this machine's QEMU.</param>
/// <param name="WhyNot">Then: the reason, and what to do; in words.</param>
public sealed record PciBuildFinding(PciBuild? Build, string? WhyNot);

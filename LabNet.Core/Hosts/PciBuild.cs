using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.Hosts;

/// <summary>The custom PCI devices that <c>infra/lab pci build</c> made: a plugin for one build of QEMU, and what belongs to it.</summary>
/// <param name="Folder">It never changes once it is there: a QEMU may run with it.</param>
/// <param name="QemuVersion">What it was built for, as <c>query-version</c> tells it: <c>7.2.22</c>.</param>
/// <param name="QemuPackage">The distribution's word beside it, such as <c>Debian 1:7.2+dfsg-7</c>; empty for a QEMU of one's own.</param>
/// <param name="Hash">Of all that went into it.</param>
public sealed record PciBuild(string Folder, string QemuVersion, string QemuPackage, DateTimeOffset BuiltAt, string Hash)
{
    /// <summary>For <c>-plugin file=</c>; the same for QEMU of every architecture.</summary>
    public string Plugin => Path.Join(Folder, "labnet-pci.so");

    /// <summary>With a register table of each device, NAME.yaml.</summary>
    public string Models => Path.Join(Folder, "models");

    /// <summary>What QEMU answers to <c>--version</c> where the plugin is for it.</summary>
    internal bool IsFor(string versionText) =>
        versionText.Contains(QemuPackage.Length == 0 ? $"version {QemuVersion}\n" : $"version {QemuVersion} ({QemuPackage})\n", StringComparison.Ordinal);

    /// <summary>The newest build in a folder of builds.</summary>
    /// <param name="problem">Why one that is there cannot be used; null where none is there, or all is well.</param>
    internal static PciBuild? ReadNewest(string builds, out string? problem)
    {
        problem = null;
        var link = new DirectoryInfo(Path.Join(builds, "current"));

        // The link can be pointed at another build at any time.
        return link.Exists ? ReadFolder((link.ResolveLinkTarget(returnFinalTarget: true) ?? link).FullName, out problem) : null;
    }

    /// <summary>One build.</summary>
    /// <param name="problem">Why it cannot be used; null if it can.</param>
    internal static PciBuild? ReadFolder(string folder, out string? problem)
    {
        problem = null;
        var manifest = Path.Join(folder, "manifest.json");
        try
        {
            if (JsonSerializer.Deserialize(File.ReadAllBytes(manifest), PciBuildJson.Default.Manifest) is { QemuVersion: { } version } read)
            {
                return new PciBuild(folder, version, read.QemuPackage ?? "", read.BuiltAt, read.Hash ?? Path.GetFileName(folder));
            }

            problem = $"{manifest} does not say which QEMU it was built for. ./infra/lab pci build --force builds anew.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{manifest} cannot be read: {e.Message} ./infra/lab pci build --force builds anew.";
        }

        return null;
    }

    internal sealed record Manifest(string? QemuVersion, string? QemuPackage, DateTimeOffset BuiltAt, string? Hash);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PciBuild.Manifest))]
internal sealed partial class PciBuildJson : JsonSerializerContext
{
}

using System.Collections.Concurrent;
using System.Collections.Immutable;
using LabNet.Core.Hosts;

namespace LabNet.Core.PciModels;

/// <summary>The custom PCI devices that this machine's QEMUs can be given.</summary>
/// <param name="Models">By name.</param>
/// <param name="Problems">Tables that cannot be read, and why none are there; in words.</param>
public sealed record BuiltPciModels(PciBuild? Build, ImmutableArray<PciModel> Models, ImmutableArray<string> Problems)
{
    public PciModel? Find(string name) => Models.FirstOrDefault(model => model.Name == name);
}

/// <summary>Reads the register tables of builds.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PciModelCatalogue(Host host)
{
    /// <summary>By folder. A build is a few hundred in a long day of a device's author; each has some kilobytes of tables.</summary>
    private readonly ConcurrentDictionary<string, BuiltPciModels> _read = new(StringComparer.Ordinal);

    /// <summary>Of the newest build.</summary>
    public BuiltPciModels Read()
    {
        if (host.ReadPciBuild(out var problem) is not { } build)
        {
            return new BuiltPciModels(Build: null, [], [problem ?? "The custom PCI devices have not been built here. ./infra/lab pci build does that."]);
        }

        return ReadOnce(build);
    }

    /// <summary>Of the build in a folder, such as a running QEMU was started with; null where that is gone.</summary>
    public BuiltPciModels? ReadFolder(string folder) => PciBuild.ReadFolder(folder, out _) is { } build ? ReadOnce(build) : null;

    /// <summary>A build that is there never changes.</summary>
    private BuiltPciModels ReadOnce(PciBuild build) => _read.GetOrAdd(build.Folder, static (_, one) => ReadAll(one), build);

    private static BuiltPciModels ReadAll(PciBuild build)
    {
        var models = ImmutableArray.CreateBuilder<PciModel>();
        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var path in Directory.Exists(build.Models) ? Directory.GetFiles(build.Models, "*.yaml").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            var reading = PciModelFile.Read(path);
            if (reading.Model is { } model)
            {
                models.Add(model);
            }
            else
            {
                problems.AddRange(reading.Mistakes.Select(mistake => $"{Path.GetFileName(path)}:{mistake}"));
            }
        }

        return new BuiltPciModels(build, models.DrainToImmutable(), problems.DrainToImmutable());
    }
}

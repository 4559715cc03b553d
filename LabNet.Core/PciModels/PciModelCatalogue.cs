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

/// <summary>Reads the register tables of the newest build.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PciModelCatalogue(Host host)
{
    private volatile BuiltPciModels? _read;

    /// <summary>Read anew when there is another build; one that is there never changes.</summary>
    public BuiltPciModels Read()
    {
        if (host.ReadPciBuild(out var problem) is not { } build)
        {
            return new BuiltPciModels(Build: null, [], [problem ?? "The custom PCI devices have not been built here. ./infra/lab pci build does that."]);
        }

        return _read is { } read && read.Build == build ? read : _read = ReadAll(build);
    }

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

using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Core.PciModels;

/// <summary>What reading a register table gave: a model, or everything that is wrong with the file.</summary>
public sealed record PciModelReading(PciModel? Model, ImmutableArray<LabFileMistake> Mistakes);

/// <summary>
/// Reads register tables: YAML, as docs/pci-devices.md describes it. A wrong file is expected: nothing here throws because of what it says.
/// </summary>
public static class PciModelFile
{
    private const int BytesMax = 1024 * 1024;

    public static PciModelReading Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Length > BytesMax
                ? Refused(new LabFileMistake(0, 0, $"The register table \"{path}\" is larger than {BytesMax / 1024} KiB; is it the right file?"))
                : Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused(new LabFileMistake(0, 0, $"The register table \"{path}\" can't be read: {e.Message}"));
        }
    }

    public static PciModelReading Parse(string text)
    {
        var mistakes = new List<LabFileMistake>();
        var model = YamlTreeReader.Read(text, "register table", PciModelReader.ModelRequired, mistakes) is { } root ? new PciModelReader(mistakes).Read(root) : null;
        return mistakes.Count == 0 && model is not null
            ? new PciModelReading(model, [])
            : new PciModelReading(Model: null, [.. mistakes.OrderBy(mistake => mistake.Line).ThenBy(mistake => mistake.Column)]);
    }

    private static PciModelReading Refused(LabFileMistake mistake) => new(Model: null, [mistake]);
}

namespace LabNet.Tests.PciModels;

/// <summary>A folder of builds, as infra/lab pci build makes it.</summary>
internal static class BuiltDevices
{
    public const string Manifest = """
        {
          "qemuVersion": "7.2.22",
          "qemuPackage": "Debian 1:7.2+dfsg-7",
          "builtAt": "2026-11-22T12:00:00Z",
          "hash": "0123456789abcdef",
          "models": ["labnet-sample"]
        }
        """;

    /// <returns>The build's folder.</returns>
    public static string Make(string builds, string name = "0123456789abcdef", string manifest = Manifest, string model = SampleModel.Yaml)
    {
        var folder = Path.Join(builds, name);
        Directory.CreateDirectory(Path.Join(folder, "models"));
        File.WriteAllText(Path.Join(folder, "manifest.json"), manifest);
        File.WriteAllText(Path.Join(folder, "models", "labnet-sample.yaml"), model);
        File.WriteAllText(Path.Join(folder, "labnet-pci.so"), "");
        var link = Path.Join(builds, "current");
        File.Delete(link);
        File.CreateSymbolicLink(link, name);
        return folder;
    }
}

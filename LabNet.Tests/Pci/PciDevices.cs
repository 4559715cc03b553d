using System.Collections.Immutable;
using System.Diagnostics;
using LabNet.Core.PciModels;

namespace LabNet.Tests.Pci;

/// <summary>The devices of this checkout, built for the QEMU that is installed.</summary>
/// <param name="Folder">Of the build.</param>
internal sealed record PciDevices(string Folder)
{
    /// <summary>Names another folder than the checkout's pci-device.</summary>
    public const string FolderVariable = "LABNET_PCI_DEVICES";

    private static readonly string Source = Environment.GetEnvironmentVariable(FolderVariable) ?? Repository.At("pci-device");
    private static readonly Lazy<Task<PciDevices>> Build = new(RunBuildAsync);

    public string Plugin { get; init; } = Path.Join(Folder, "labnet-pci.so");

    /// <summary>Has the accelerator that lets a test hold the clock.</summary>
    public string Modules => Path.Join(Folder, "modules");

    /// <summary>Of all devices, by their tables.</summary>
    public static ImmutableArray<PciModel> Models { get; } =
        [.. Directory.GetFiles(Path.Join(Source, "models"), "*.yaml").Order(StringComparer.Ordinal).Select(path => Read(path))];

    public static Task<PciDevices> BuildAsync(CancellationToken cancel) => Build.Value.WaitAsync(cancel);

    public static PciModel Model(string name) => Models.Single(model => model.Name == name);

    public static PciModel Read(string path)
    {
        var reading = PciModelFile.Read(path);
        Assert.Empty(reading.Mistakes);
        return reading.Model!;
    }

    /// <summary>Each device that has registers of its own, on each architecture.</summary>
    public static TheoryData<string, string> WithRegisters()
    {
        var data = new TheoryData<string, string>();
        foreach (var model in Models.Where(model => model.Bars.Any(bar => bar.Registers.Length > 0)))
        {
            data.Add("x86_64", model.Name);
            data.Add("aarch64", model.Name);
        }

        return data;
    }

    private static async Task<PciDevices> RunBuildAsync()
    {
        using var process = Process.Start(new ProcessStartInfo(Repository.At("infra/pci/build.sh"), ["--devices", Source]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var folder = (await process.StandardOutput.ReadToEndAsync(CancellationToken.None)).Trim();
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode == 0 ? new PciDevices(folder) : throw new InvalidOperationException("The devices cannot be built: " + await said);
    }
}

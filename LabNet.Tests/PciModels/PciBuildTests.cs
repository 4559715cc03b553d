using LabNet.Core.Hosts;
using LabNet.Core.PciModels;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.PciModels;

/// <summary>What was built, as LabNet finds it.</summary>
[Trait("suite", "unit")]
public sealed class PciBuildTests : IDisposable
{
    private readonly TestFolder _builds = new();

    private Host Host => new(new HostSettings("", "", "", "", Machine: null) { PciFolder = _builds.Path }, TimeProvider.System, NullLogger<Host>.Instance);

    public void Dispose() => _builds.Dispose();

    [Fact]
    public void The_newest_build_is_the_one_that_the_link_leads_to()
    {
        Assert.Null(Host.ReadPciBuild(out var problem));
        Assert.Null(problem);
        var first = BuiltDevices.Make(_builds.Path, "first");
        Assert.Equal(first, Host.ReadPciBuild(out _)!.Folder);
        var second = BuiltDevices.Make(_builds.Path, "second");
        var build = Host.ReadPciBuild(out problem)!;
        Assert.Null(problem);
        Assert.Equal((second, "7.2.22", "Debian 1:7.2+dfsg-7", "0123456789abcdef"), (build.Folder, build.QemuVersion, build.QemuPackage, build.Hash));
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("{}", "does not say which QEMU it was built for")]
    [InlineData("""{"qemuVersion": 7}""", "cannot be read")]
    public void A_build_that_cannot_be_used_says_why_and_what_to_do(string manifest, string why)
    {
        BuiltDevices.Make(_builds.Path, manifest: manifest);
        Assert.Null(Host.ReadPciBuild(out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
        Assert.Contains("./infra/lab pci build --force", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright", true)]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-8)\nCopyright", false)]
    [InlineData("QEMU emulator version 7.2.2 (Debian 1:7.2+dfsg-7)\nCopyright", false)]
    [InlineData("QEMU emulator version 7.2.22\nCopyright", false)]
    public void A_build_is_for_the_QEMU_of_its_very_version_and_package(string told, bool isFor)
    {
        BuiltDevices.Make(_builds.Path);
        Assert.Equal(isFor, Host.ReadPciBuild(out _)!.IsFor(told));
    }

    [Fact]
    public void The_catalogue_has_the_newest_tables_and_still_those_of_a_build_that_runs()
    {
        var catalogue = new PciModelCatalogue(Host);
        Assert.Contains("./infra/lab pci build", Assert.Single(catalogue.Read().Problems), StringComparison.Ordinal);
        var first = BuiltDevices.Make(_builds.Path, "first");
        Assert.Equal("A device with something of each", catalogue.Read().Find("labnet-sample")!.Title);
        BuiltDevices.Make(_builds.Path, "second", model: SampleModel.Yaml.Replace("A device with", "Another with", StringComparison.Ordinal));
        Assert.Equal("Another with something of each", catalogue.Read().Find("labnet-sample")!.Title);
        Assert.Equal("A device with something of each", catalogue.ReadFolder(first)!.Find("labnet-sample")!.Title);
        Assert.Null(catalogue.ReadFolder(_builds.File("third")));
        BuiltDevices.Make(_builds.Path, "fourth", model: "name: broken");
        var broken = catalogue.Read();
        Assert.Empty(broken.Models);
        Assert.StartsWith("labnet-sample.yaml:1:1: ", broken.Problems[0], StringComparison.Ordinal);
    }
}

using System.Diagnostics;

namespace LabNet.Tests.Pci;

/// <summary>What <c>infra/lab pci new</c> begins builds, and passes the tests that are made of its table, as it is.</summary>
[Trait("suite", "pci")]
public sealed class NewDeviceTests
{
    private const string Name = "blinking-led-strip";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_device_builds_and_passes_its_tests()
    {
        // So that the headers are there.
        await PciDevices.BuildAsync(Cancellation);
        using var folder = new TestFolder();
        var devices = BeginFolder(folder);
        var (status, said) = await RunAsync(Repository.At("infra/pci/new.sh"), [Name, "--devices", devices]);
        Assert.Equal((0, $"{devices}/models/{Name}.yaml\n{devices}/src/{Name}.c\n"), (status, said));

        Type[] tests = [typeof(RegisterTableTests), typeof(AccessSizeTests), typeof(PropertyRangeTests)];
        (status, said) = await RunAsync(
            Environment.ProcessPath!, ["-noColor", .. tests.SelectMany(test => (string[])["-class", test.FullName!])], (PciDevices.FolderVariable, devices), ("LABNET_CACHE", folder.File("cache")));
        Assert.True(status == 0, said);
        Assert.Contains("Total: 22, Errors: 0, Failed: 0, Skipped: 0", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Led", "is no name for a device")]
    [InlineData("led--strip", "is no name for a device")]
    [InlineData("../led", "is no name for a device")]
    [InlineData("e1000e", "QEMU has a device e1000e already")]
    [InlineData("led", "models/led.yaml is there already")]
    public async Task A_name_that_cannot_be_is_refused_and_nothing_is_written(string name, string words)
    {
        using var folder = new TestFolder();
        var devices = BeginFolder(folder);
        await File.WriteAllTextAsync(Path.Join(devices, "models", "led.yaml"), "", Cancellation);
        var (status, said) = await RunAsync(Repository.At("infra/pci/new.sh"), [name, "--devices", devices]);
        Assert.Equal(1, status);
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.Equal(["led.yaml"], Directory.GetFiles(Path.Join(devices, "models")).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task Devices_that_were_begun_have_ids_of_their_own()
    {
        using var folder = new TestFolder();
        var devices = BeginFolder(folder);
        foreach (var name in (string[])["first", "second"])
        {
            Assert.Equal(0, (await RunAsync(Repository.At("infra/pci/new.sh"), [name, "--devices", devices])).Status);
        }

        Assert.Equal([0x4c80, 0x4c81], Directory.GetFiles(Path.Join(devices, "models")).Order(StringComparer.Ordinal).Select(path => PciDevices.Read(path).Device));
    }

    [Fact]
    public async Task A_device_that_QEMU_has_too_is_refused_in_words_when_it_is_loaded()
    {
        await PciDevices.BuildAsync(Cancellation);
        using var folder = new TestFolder();
        var devices = BeginFolder(folder);
        await RunAsync(Repository.At("infra/pci/new.sh"), ["first", "--devices", devices]);
        foreach (var (kind, place) in ((string, string)[])[("yaml", "models"), ("c", "src")])
        {
            var path = Path.Join(devices, place, $"first.{kind}");
            File.WriteAllText(Path.Join(devices, place, $"edu.{kind}"), File.ReadAllText(path).Replace("first", "edu", StringComparison.Ordinal).Replace("FIRST", "EDU", StringComparison.Ordinal));
            File.Delete(path);
        }

        var (status, said) = await RunAsync(Repository.At("infra/pci/build.sh"), ["--devices", devices], ("LABNET_CACHE", folder.File("cache")));
        Assert.True(status == 0, said);
        var plugin = Path.Join(folder.File("cache/pci/current"), "labnet-pci.so");
        Assert.Contains("has a device edu, and so has QEMU", await QtestQemu.RefusedAsync(PciMachine.Of("x86_64"), plugin, [], Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_compile_is_told_and_the_build_before_it_stays()
    {
        await PciDevices.BuildAsync(Cancellation);
        using var folder = new TestFolder();
        var devices = BeginFolder(folder);
        await RunAsync(Repository.At("infra/pci/new.sh"), ["first", "--devices", devices]);
        Assert.Equal(0, (await RunAsync(Repository.At("infra/pci/build.sh"), ["--devices", devices], ("LABNET_CACHE", folder.File("cache")))).Status);
        var current = Directory.ResolveLinkTarget(folder.File("cache/pci/current"), returnFinalTarget: true)!.FullName;

        File.AppendAllText(Path.Join(devices, "src", "first.c"), "int nonsense(void) { return qemu_has_no_such_function(); }\n");
        var (status, said) = await RunAsync(Repository.At("infra/pci/build.sh"), ["--devices", devices], ("LABNET_CACHE", folder.File("cache")));
        Assert.Equal(1, status);
        Assert.Contains("qemu_has_no_such_function", said, StringComparison.Ordinal);
        Assert.Contains("the build before this one stays in use", said, StringComparison.Ordinal);

        File.WriteAllText(Path.Join(devices, "src", "first.c"), File.ReadAllText(Path.Join(devices, "src", "first.c")).Replace("int nonsense", "int qemu_has_no_such_function(void); int nonsense(void); int nonsense", StringComparison.Ordinal));
        (status, said) = await RunAsync(Repository.At("infra/pci/build.sh"), ["--devices", devices], ("LABNET_CACHE", folder.File("cache")));
        Assert.Equal(1, status);
        Assert.Contains("qemu-system-x86_64 does not export what the devices use: qemu_has_no_such_function", said, StringComparison.Ordinal);
        Assert.Equal(current, Directory.ResolveLinkTarget(folder.File("cache/pci/current"), returnFinalTarget: true)!.FullName);
    }

    /// <summary>What all devices share and no device; QEMU's headers are those that other builds have.</summary>
    private static string BeginFolder(TestFolder folder)
    {
        var devices = Directory.CreateDirectory(folder.File("devices")).FullName;
        Directory.CreateDirectory(Path.Join(devices, "models"));
        Directory.CreateDirectory(Path.Join(devices, "src"));
        foreach (var file in (string[])["registers.py", "src/labnet-compat.h", "src/labnet-device.c", "src/labnet-device.h", "src/labnet-plugin.c", "src/trace-events"])
        {
            File.Copy(Repository.At(Path.Join("pci-device", file)), Path.Join(devices, file));
        }

        Directory.CreateDirectory(folder.File("cache/pci"));
        Directory.CreateSymbolicLink(folder.File("cache/pci/headers"), Path.Join(Path.GetDirectoryName(Repository.GuestsFolder), "pci", "headers"));
        return devices;
    }

    private static Task<(int Status, string Said)> RunAsync(string program, IEnumerable<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return RunAsync(start);
    }

    private static async Task<(int Status, string Said)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var said = await process.StandardOutput.ReadToEndAsync(CancellationToken.None) + await errors;
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, said);
    }
}

using System.Diagnostics;

namespace LabNet.Tests.Pci;

/// <summary>What docs/pci-devices.md says of registers is what the tables say, and a wrong table is told in words.</summary>
[Trait("suite", "pci")]
public sealed class PciDocsTests
{
    private const string Table = """
        name: my-device
        title: One
        vendor: 0x1234
        device: 0x4c80
        class: 0x00ff00
        bars:
          - bar: 0
            size: 4096
            registers:
              - { name: VALUE, offset: 0x000, access: rw, about: "One." }
              - { name: OTHER, offset: 0x004, access: ro, about: "Two." }
        """;

    [Fact]
    public async Task The_documentation_has_every_table_as_it_is()
    {
        var docs = RepositoryFiles.Read("docs/pci-devices.md");
        foreach (var model in PciDevices.Models.Where(model => model.Name.StartsWith("labnet-", StringComparison.Ordinal)))
        {
            var (status, said) = await RegistersAsync("markdown", Repository.At($"pci-device/models/{model.Name}.yaml"));
            Assert.Equal(0, status);
            Assert.True(docs.Contains(said.Trim('\n'), StringComparison.Ordinal), $"docs/pci-devices.md does not have this table:\n{said}");
        }
    }

    [Theory]
    [InlineData("access: rw", "access: no", "register VALUE: access is one of ro, rw, w1c, wo")]
    [InlineData("offset: 0x004", "offset: 0x000", "OTHER: another register is at 0x000")]
    [InlineData("offset: 0x004", "offset: 0x006", "register OTHER: offset is a multiple of 4 inside of the BAR")]
    [InlineData("offset: 0x004", "offset: 0x1000", "register OTHER: offset is a multiple of 4 inside of the BAR")]
    [InlineData("name: OTHER", "name: VALUE", "VALUE: another register has this name")]
    [InlineData("name: OTHER", "name: value", "a name is capital letters, digits and single underscores")]
    [InlineData("name: OTHER", "name: MASK_VALUE", "two things would be called MY_DEVICE_MASK_VALUE in C")]
    [InlineData("size: 4096", "size: 4000", "BAR 0: size is a power of two from 16")]
    [InlineData("bar: 0", "bar: 6", "BAR 6: bar is a number from 0 to 5, each once")]
    [InlineData("device: 0x4c80", "device: 0x14c80", "device: a number up to 0xfffe is wanted")]
    [InlineData("name: my-device", "name: My Device", "is not small letters, digits and single dashes")]
    [InlineData("title: One", "titel: One", "the device: unknown: titel")]
    [InlineData("vendor: 0x1234", "", "the device: missing: vendor")]
    [InlineData("access: ro,", "access: ro, set-by: NOBODY,", "OTHER: set-by names no register of this BAR")]
    [InlineData("bars:", "bars: [", "parsing")]
    public async Task A_mistake_in_a_table_is_told_in_words(string right, string wrong, string words)
    {
        using var folder = new TestFolder();
        var path = folder.Write("my-device.yaml", System.Text.Encoding.UTF8.GetBytes(Table));
        Assert.Equal((0, ""), await RegistersAsync("check", path));

        folder.Write("my-device.yaml", System.Text.Encoding.UTF8.GetBytes(Table.Replace(right, wrong, StringComparison.Ordinal)));
        var (status, said) = await RegistersAsync("check", path);
        Assert.Equal(1, status);
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", said, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Said)> RegistersAsync(string command, string path)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-B", Repository.At("pci-device/registers.py"), command, path]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var said = await process.StandardOutput.ReadToEndAsync(CancellationToken.None) + await errors;
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, said);
    }
}

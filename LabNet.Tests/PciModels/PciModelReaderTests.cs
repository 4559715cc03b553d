using LabNet.Core.PciModels;

namespace LabNet.Tests.PciModels;

/// <summary>Register tables: what is read out of them, and what is told of wrong ones.</summary>
[Trait("suite", "unit")]
public sealed class PciModelReaderTests
{
    [Fact]
    public void A_table_is_read_with_all_that_it_says()
    {
        var reading = PciModelFile.Parse(SampleModel.Yaml);
        Assert.Empty(reading.Mistakes);
        var model = reading.Model!;
        Assert.Equal(("labnet-sample", 0x1234, 0x4c4e, 0x00ff00), (model.Name, model.Vendor, model.Device, model.Class));
        Assert.Equal([(0, PciBarKind.Registers, 4096L, 0), (2, PciBarKind.Memory, 65536L, 0), (4, PciBarKind.Msix, 4096L, 8)], model.Bars.Select(bar => (bar.Bar, bar.Kind, bar.SizeBytes, bar.Vectors)));
        Assert.Equal((RegisterAccess.Ro, 0x31454e4cUL, 0UL), Told(model.Find(0, 0)!));
        Assert.Equal((RegisterAccess.Rw, 0UL, 0xffffffffUL), Told(model.Find(0, 8)!));
        Assert.Equal((RegisterAccess.W1c, 0UL, 0x3fUL), Told(model.Find(0, 0x0c)!));
        Assert.Equal([("BUSY", 1UL), ("LEVEL", 2UL)], model.Find(0, 0x0f)!.Fields.Select(field => (field.Name, field.In(0x21))));
        Assert.Equal("0, 10 to 20", model.Find(0, 0x10)!.Allowed!.ToString());
        Assert.Equal([(0UL, "IDLE", ""), (1UL, "RUNNING", "a run is under way")], model.Find(0, 0x14)!.Values.Select(value => (value.Value, value.Name, value.About)));
        Assert.Equal((64, "start"), (model.Find(0, 0x1f)!.Width, model.Find(0, 0x18)!.ResetProperty));
        Assert.Null(model.Find(0, 0x20));
        Assert.Null(model.Find(2, 0));
        Assert.False(model.IsRemote);
        Assert.Equal(
            [("start", PciPropertyType.Uint32, "0", false, true), ("msi", PciPropertyType.Bool, "on", false, false), ("word", PciPropertyType.Text, null, true, false)],
            model.Properties.Select(one => (one.Name, one.Type, one.Default, one.IsRequired, one.IsPowerOfTwo)));
    }

    [Theory]
    [InlineData("device: 0x4c4e", "device: 0x14c4e", "4:9: device 0x14c4e is outside 0x0 to 0xffff.")]
    [InlineData("size: 4096", "size: 4095", "7:11: size 4095 is no power of two")]
    [InlineData("name: ID, offset: 0x000", "name: ID, offset: 0x008", "ID and SCRATCH lie over each other, at 0x8.", "SCRATCH and ID lie over each other, at 0x8.")]
    [InlineData("name: SCRATCH", "name: ID", "11:9: The register ID stands here twice.")]
    [InlineData("offset: 0x008", "offset: 0x00a", "11:34: offset 0xa is no multiple of the register's 4 bytes.")]
    [InlineData("access: rw", "access: wr", "access can't be \"wr\".")]
    [InlineData("bits: \"5-4\"", "bits: \"4-5\"", "bits 4-5 are not within the register's 32, the higher one first.")]
    [InlineData("bits: \"5-4\"", "bits: \"32\"", "bits 32 are not within the register's 32")]
    [InlineData("mask: 0x3f", "mask: lots", "15:15: mask is a number such as 16 or 0x10, not the text \"lots\".")]
    [InlineData("reset: 0,", "reste: 0,", "A register has no key \"reste\". Did you mean \"reset\"?")]
    [InlineData("min: 10, max: 20", "min: 10, max: 9", "max 0x9 is outside 0xa to 0xffffffff.")]
    [InlineData("min: 10, max: 20, also", "min: 10, also", "allowed lacks the key \"max\".")]
    [InlineData("values: { 0: \"IDLE\"", "values: { none: \"IDLE\"", "A value is a number such as 16 or 0x10, not the text \"none\".")]
    [InlineData("bar: 2", "bar: 0", "BAR 0 stands here twice.")]
    [InlineData("bar: 2", "bar: 6", "bar \"6\" is outside 0 to 5.")]
    [InlineData("name: msi", "name: start", "The property start stands here twice.")]
    [InlineData("power-of-two: true", "power-of-two: yes", "power-of-two is true or false, not the text \"yes\".")]
    [InlineData("name: labnet-sample", "name: LabNet", "1:7: name \"LabNet\" is none; such as labnet-edu.")]
    [InlineData("title: A device with something of each", "", "The register table lacks the key \"title\".")]
    public void A_mistake_is_told_with_its_place(string right, string wrong, string message, string? orElse = null)
    {
        Assert.Contains(right, SampleModel.Yaml, StringComparison.Ordinal);
        var reading = PciModelFile.Parse(ReplaceFirst(SampleModel.Yaml, right, wrong));
        Assert.Null(reading.Model);
        Assert.Contains(reading.Mistakes, mistake => Has(mistake.ToString(), message) || (orElse is not null && Has(mistake.ToString(), orElse)));
    }

    [Fact]
    public void What_is_no_table_is_told_and_nothing_is_thrown()
    {
        foreach (var text in (string[])["", "[", "- 1", "name: [a, b", "bars: 3", "bars: [3]\nname: 3", new string('{', 5000), "\0"])
        {
            Assert.NotEmpty(PciModelFile.Parse(text).Mistakes);
        }

        Assert.Contains("can't be read", Assert.Single(PciModelFile.Read("/nosuch/labnet.yaml").Mistakes).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tables_of_this_repository_have_no_mistake()
    {
        var tables = Directory.GetFiles(Repository.At("pci-device/models"), "*.yaml");
        Assert.NotEmpty(tables);
        Assert.All(tables, table => Assert.Empty(PciModelFile.Read(table).Mistakes));
    }

    private static (RegisterAccess Access, ulong Reset, ulong Mask) Told(PciRegister register) => (register.Access, register.Reset, register.Mask);

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.Ordinal);

    private static string ReplaceFirst(string text, string old, string with) =>
        text.IndexOf(old, StringComparison.Ordinal) is var at ? text[..at] + with + text[(at + old.Length)..] : text;
}

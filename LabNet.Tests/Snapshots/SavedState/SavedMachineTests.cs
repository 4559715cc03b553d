using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "unit")]
public sealed class SavedMachineTests
{
    private const int Content = 1 + 2 + 12 + 4 + 1 + 4;
    private const int Subsection = 1 + 1 + 8 + 4 + 1;
    private const int Page = StateWriter.PageBytes;

    private const string Device = """
        {"name": "dev", "instance_id": 0, "version": 4, "fields": [
            {"name": "status", "type": "uint8", "size": 1}, {"name": "delta", "type": "int16", "size": 2}, {"name": "regs", "array_len": 3, "type": "uint32", "size": 4},
            {"name": "ring", "array_len": 2, "type": "struct", "struct": {"vmsd_name": "ring", "fields": [{"name": "head", "type": "uint16", "size": 2}]}, "size": 2},
            {"name": "elem", "index": 1, "type": "uint8", "size": 1}, {"name": "blob", "type": "buffer", "size": 4}],
         "subsections": [{"vmsd_name": "dev/more", "fields": [{"name": "level", "type": "bool", "size": 1}]}]}
        """;

    [Fact]
    public void Each_field_of_a_described_device_has_its_name_and_value()
    {
        var machine = Read(DeviceWith(status: 7, second: 0x1234, level: 1).End(Device));
        Assert.True(machine.IsDescribed);
        Assert.Equal("pc-test-1.", machine.MachineType);
        var section = Assert.Single(machine.Sections);
        Assert.Equal(("dev", 0u, 4u, (string?)null), (section.Name, section.Instance, section.Version, section.OpaqueBecause));
        Assert.Equal(
            ["status=7", "delta=-2", "regs=1 0x1234 3", "ring[0]=(head=5)", "ring[1]=(head=6)", "elem[1]=9", "blob=01020304", "dev/more=(level=1)"],
            section.Fields!.Fields.Select(TextOf));
    }

    [Fact]
    public void Fields_that_differ_are_told_by_their_path()
    {
        var difference = Compare(DeviceWith(status: 7, second: 0x1234, level: 1).End(Device), DeviceWith(status: 7, second: 0x1235, level: 0, blob: 0x0102_ff04).End(Device));
        Assert.Equal(
            [
                new SavedChange("dev", "regs[1]", Register: null, "0x1234", "0x1235"),
                new SavedChange("dev", "blob[0x2]", Register: null, "03", "ff"),
                new SavedChange("dev", "dev/more.level", Register: null, "1", "0"),
            ],
            difference.Changes);
        Assert.Empty(difference.Memory);
    }

    [Theory]
    [InlineData(null, "the state has no description")]
    [InlineData("""{"name": "other", "instance_id": 0, "fields": []}""", "QEMU did not describe it")]
    [InlineData("""{"name": "dev", "instance_id": 0, "fields": [{"name": "status", "type": "uint8", "size": 2}]}""", "its description does not fit its length")]
    [InlineData("""{"name": "dev", "instance_id": 0, "fields": [{"name": "a", "type": "uint8", "size": 24}], "subsections": [{"vmsd_name": "dev/else", "fields": [{"name": "level", "type": "bool", "size": 1}]}]}""", "its description does not fit its content")]
    public void A_device_without_a_description_that_fits_is_opaque_and_compared_by_its_bytes(string? devices, string why)
    {
        var section = Assert.Single(Read(DeviceWith(status: 7, second: 0x1234, level: 1).End(devices)).Sections);
        Assert.Null(section.Fields);
        Assert.Equal(why, section.OpaqueBecause);
        Assert.Equal(Content + Subsection, section.Bytes.Length);
        var difference = Compare(DeviceWith(status: 7, second: 1, level: 1).End(devices), DeviceWith(status: 8, second: 1, level: 1).End(devices));
        Assert.Equal([new SavedChange("dev", "[0x0]", Register: null, "07", "08")], difference.Changes);
    }

    [Fact]
    public void A_structure_that_does_not_fit_its_size_stays_bytes_and_what_is_around_it_does_not()
    {
        const string Odd = """
            {"name": "dev", "instance_id": 0, "fields": [{"name": "queue", "type": "qtailq", "fields": [{"name": "x", "type": "uint8", "size": 1}], "size": 3}, {"name": "last", "type": "uint8", "size": 1}]}
            """;
        var state = StateWriter.Begin().Section(4, 1, "dev").UInt32(0x0105_0009).Footer(1).End(Odd);
        Assert.Equal(["queue=010500", "last=9"], Assert.Single(Read(state).Sections).Fields!.Fields.Select(TextOf));
    }

    [Fact]
    public void Pages_are_counted_by_block_and_the_last_one_of_a_place_counts()
    {
        var state = StateWriter.Begin().Memory(("ram", 4 * Page), ("rom", Page))
            .Part(2, 2)
            .UInt64(0 | 0x02).Name("ram").Byte(0)               // zeros
            .UInt64((1 * Page) | 0x08 | 0x20).Page(1)           // a page of the same block
            .UInt64(0 | 0x08).Name("rom").Page(0)               // zeros that were not seen as such
            .UInt64((2 * Page) | 0x02).Name("ram").Byte(5)      // one byte for a whole page
            .UInt64((1 * Page) | 0x08 | 0x20).Page(2)
            .UInt64(0x10).Footer(2)
            .Part(3, 2).UInt64(0x10).Footer(2).End();
        var machine = Read(state);
        Assert.Equal([("ram", 4L * Page, 3L, 1L), ("rom", Page, 1L, 1L)], machine.Memory.Select(block => (block.Name, block.Bytes, block.SavedPages, block.ZeroPages)));
        Assert.Null(machine.Memory[0][3]);
        Assert.Equal(machine.Memory[0][0], machine.Memory[1][0]);
        Assert.NotEqual(machine.Memory[0][1], machine.Memory[0][2]);
    }

    [Fact]
    public void Changed_memory_is_told_in_ranges_and_blocks_that_come_and_go_as_such()
    {
        var before = StateWriter.Begin().Memory(("ram", 5 * Page), ("old", Page)).Part(3, 2);
        var after = StateWriter.Begin().Memory(("ram", 5 * Page), ("new", 2 * Page)).Part(3, 2);
        for (var page = 0; page < 5; page++)
        {
            before.UInt64((ulong)(page * Page) | 0x08).Name("ram").Page(1);
            after.UInt64((ulong)(page * Page) | 0x08).Name("ram").Page(page is 1 or 2 or 4 ? (byte)2 : (byte)1);
        }

        var difference = Compare(before.UInt64(0x10).Footer(2).End(), after.UInt64(0x10).Footer(2).End());
        Assert.Equal([("ram", 5L * Page, 5L * Page, 3L * Page), ("old", Page, null, 0), ("new", null, 2L * Page, 0)], difference.Memory.Select(change => (change.Block, change.BytesBefore, change.BytesAfter, change.ChangedBytes)));
        Assert.Equal([new ByteRange(Page, 2 * Page), new ByteRange(4 * Page, Page)], difference.Memory[0].Ranges);
    }

    [Fact]
    public void Devices_that_come_and_go_are_told_by_their_titles()
    {
        var before = StateWriter.Begin().Section(4, 1, "cpu").Footer(1).Section(4, 2, "cpu", 1).Footer(2).End();
        var after = StateWriter.Begin().Section(4, 1, "cpu").Footer(1).Section(4, 3, "net").Footer(3).End();
        var difference = Compare(before, after);
        Assert.Equal(["cpu/1"], difference.Gone);
        Assert.Equal(["net"], difference.Come);
    }

    [Theory]
    [InlineData("env.eip", "RIP", false)]
    [InlineData("env.regs[4]", "RSP", false)]
    [InlineData("env.segs[1].base", "CS.base", false)]
    [InlineData("env.idt.limit", "IDTR.limit", false)]
    [InlineData("env.cr[3]", "CR3", false)]
    [InlineData("env.xmm_regs[1][12]._q_ZMMReg[2]", "YMM12", false)]
    [InlineData("env.mtrr_var[1].base", null, false)]
    [InlineData("env.regs[4]", "R4", true)]
    [InlineData("env.xregs[31]", "SP", true)]
    [InlineData("env.sp_el[1]", "SP_EL1", true)]
    [InlineData("env.pc", "PC", true)]
    [InlineData("cpreg_vmstate_values[0]", "SCTLR_EL1", true)]
    [InlineData("cpreg_vmstate_values[1]", "S3_3_C4_C4_0", true)]
    [InlineData("cpreg_vmstate_values[2]", null, true)]
    [InlineData("cpu/vfp.env.vfp.zregs[9].d[1]", "V9", true)]
    public void Registers_have_the_names_of_the_manuals(string path, string? name, bool isArm)
    {
        // SCTLR_EL1 and FPCR by KVM's numbers.
        var indexes = new byte[] { 0x60, 0x30, 0, 0, 0, 0x13, 0xc0, 0x80, 0x60, 0x30, 0, 0, 0, 0x13, 0xda, 0x20 };
        List<SavedField> fields = isArm
            ? [new("env.xregs", new SavedBytes(default)), new("cpreg_vmstate_indexes", new SavedNumbers(indexes, 8, IsSigned: false, IsArray: true))]
            : [new("env.eip", new SavedBytes(default))];
        Assert.Equal(name, VcpuRegisters.Of(new SavedSection("cpu", 0, 1, default, new SavedFields(fields), OpaqueBecause: null))!.NameOf(path));
    }

    private static StateWriter DeviceWith(byte status, uint second, byte level, uint blob = 0x0102_0304) => StateWriter.Begin()
        .Section(4, 1, "dev").Byte(status).Byte(0xff).Byte(0xfe).UInt32(1).UInt32(second).UInt32(3).Byte(0).Byte(5).Byte(0).Byte(6).Byte(9).UInt32(blob)
        .Byte(5).Name("dev/more").UInt32(1).Byte(level).Footer(1);

    private static SavedMachine Read(byte[] state) => SavedMachine.Read(new MemoryStream(state), TestContext.Current.CancellationToken);

    private static SavedMachineDifference Compare(byte[] before, byte[] after) => SavedMachineDifference.Between(Read(before), Read(after), TestContext.Current.CancellationToken);

    private static string TextOf(SavedField field) => $"{field.Name}=" + field.Value switch
    {
        SavedNumbers numbers => string.Join(' ', Enumerable.Range(0, numbers.Count).Select(numbers.TextOf)),
        SavedFields inner => $"({string.Join(' ', inner.Fields.Select(TextOf))})",
        _ => Convert.ToHexStringLower(((SavedBytes)field.Value).Bytes.Span),
    };
}

using System.Text;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class QmpSchemaReadingTests
{
    [Theory]
    [InlineData("7.2-x86_64", 216, 52)]
    [InlineData("7.2-aarch64", 209, 52)]
    [InlineData("10.0-x86_64", 233, 55)]
    [InlineData("10.0-aarch64", 224, 55)]
    public void A_QEMU_tells_its_commands_and_events(string machine, int commands, int events)
    {
        var schema = Recording.Schema(machine);
        Assert.Equal((commands, events), (schema.CommandNames.Count, schema.EventNames.Count));
        Assert.Equal(schema.CommandNames.Order(StringComparer.Ordinal), schema.CommandNames);
        Assert.All(schema.CommandNames, name => Assert.NotEmpty(schema.FindCommand(name)!.Returns.Word));
        Assert.Equal("enum", schema.FindEvent("JOB_STATUS_CHANGE")!.Data.Members.Single(m => m.Name == "status").Type is QmpSchemaType.Enumeration ? "enum" : "");
        Assert.Null(schema.FindCommand("nosuch"));
        Assert.Contains("deprecated", schema.FindCommand("query-migrationthreads")?.Features ?? ["deprecated"]);
        Assert.Contains("unstable", schema.FindCommand("x-query-irq")!.Features);
    }

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void Every_commands_arguments_can_be_described(string machine)
    {
        var schema = Recording.Schema(machine);
        foreach (var command in schema.CommandNames.Select(name => schema.FindCommand(name)!))
        {
            var lines = command.DescribeArguments(depthMax: 4);
            Assert.InRange(lines.Length, command.Arguments.Members.Length, 601);
            Assert.All(lines, line => Assert.False(line.Text.Contains('\n', StringComparison.Ordinal) || line.Text.Length == 0));
        }
    }

    [Fact]
    public void Arguments_are_described_with_their_types_words_and_variants()
    {
        var schema = Recording.Schema("7.2-x86_64");
        Assert.Equal(
            ["job-id: str", "tag: str", "vmstate: str", "devices: [str]"],
            Lines("snapshot-save").Select(line => line.Text));
        Assert.Contains(Lines("watchdog-set-action"), line => line.Text == "action: reset | shutdown | poweroff | pause | debug | none | inject-nmi");
        Assert.Contains(Lines("eject"), line => line.Text == "device: str (optional, deprecated)");
        Assert.Contains(Lines("device_add"), line => line.Text == "any further property of the driver");
        var stats = Lines("query-stats");
        Assert.Contains(new QmpSchemaLine(0, "when target is vcpu:"), stats);
        Assert.Contains(new QmpSchemaLine(1, "vcpus: [str] (optional)"), stats);
        var added = Lines("blockdev-add");
        Assert.Contains(new QmpSchemaLine(0, "cache: object (optional)"), added);
        Assert.Contains(new QmpSchemaLine(1, "direct: bool (optional)"), added);
        Assert.Contains(new QmpSchemaLine(0, "when driver is qcow2:"), added);
        Assert.Contains(new QmpSchemaLine(1, "backing: str | object | null (optional)"), added.Select(line => line with { Text = Sorted(line.Text) }));
        Assert.Empty(Lines("query-status"));

        IEnumerable<QmpSchemaLine> Lines(string command) => schema.FindCommand(command)!.DescribeArguments();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""[{"meta-type": "command"}]""")]
    [InlineData("""[{"name": null, "meta-type": "command"}]""")]
    [InlineData("""[{"name": "a", "meta-type": "command", "arg-type": "9", "ret-type": "9"}]""")]
    [InlineData("""[{"name": "0", "meta-type": "array", "element-type": "9"}]""")]
    [InlineData("""[{"name": "0", "meta-type": "object", "members": [{"name": "x", "type": "9"}]}]""")]
    [InlineData("""[{"name": "0", "meta-type": "object", "members": 5}]""")]
    [InlineData("""[{"name": "s", "meta-type": "builtin", "json-type": "string"}, {"name": "a", "meta-type": "command", "arg-type": "s", "ret-type": "s"}]""")]
    public void What_is_no_schema_is_a_protocol_error(string returned) =>
        Assert.Throws<QmpProtocolException>(() => QmpSchema.Parse(Encoding.UTF8.GetBytes(returned)));

    [Fact]
    public void Types_that_only_a_newer_QEMU_knows_are_passed_over() => Assert.Equal(
        ["a"],
        QmpSchema.Parse("""
            [{"name": "0", "meta-type": "object", "members": [], "new": 1}, {"name": "n", "meta-type": "novel"},
             {"name": "a", "meta-type": "command", "arg-type": "0", "ret-type": "0"}]
            """u8.ToArray()).CommandNames);

    /// <summary>The order of an alternate's types is QEMU's business.</summary>
    private static string Sorted(string text) => text.StartsWith("backing:", StringComparison.Ordinal) && text.Contains("null", StringComparison.Ordinal)
        ? "backing: str | object | null (optional)"
        : text;
}

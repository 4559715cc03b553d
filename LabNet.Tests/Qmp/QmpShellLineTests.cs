using System.Diagnostics;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class QmpShellLineTests
{
    private static readonly QmpSchema Schema = Recording.Schema("10.0-x86_64");

    [Theory]
    [InlineData("query-status", null)]
    [InlineData("  query-status  ", null)]
    [InlineData("query-status {}", null)]
    [InlineData("eject id=123 force=true", """{"id":"123","force":true}""")]
    [InlineData("eject id=\"a b\\n\\u00e4\"", "{\"id\":\"a b\\n\u00e4\"}")]
    [InlineData("eject id='it \"is\" \\ so'", """{"id":"it \"is\" \\ so"}""")]
    [InlineData("eject id=", """{"id":""}""")]
    [InlineData("eject id=a=b", """{"id":"a=b"}""")]
    [InlineData("balloon value=0x10000000", """{"value":268435456}""")]
    [InlineData("balloon value=18446744073709551615", """{"value":18446744073709551615}""")]
    [InlineData("balloon {\"value\": 5}", """{"value":5}""")]
    [InlineData("watchdog-set-action action=none", """{"action":"none"}""")]
    [InlineData("query-stats target=vcpu vcpus=[\"/a\",\"/b\"]", """{"target":"vcpu","vcpus":["/a","/b"]}""")]
    [InlineData("query-stats vcpus=[\"a}]\\\"\"] target=vcpu", """{"vcpus":["a}]\""],"target":"vcpu"}""")]
    [InlineData("snapshot-save job-id=1 tag=2 vmstate=d devices=[\"d\"]", """{"job-id":"1","tag":"2","vmstate":"d","devices":["d"]}""")]
    [InlineData(
        "blockdev-add driver=qcow2 node-name=n cache.direct=true cache.no-flush=false file.driver=file file.filename=/x",
        """{"driver":"qcow2","node-name":"n","cache":{"direct":true,"no-flush":false},"file":{"driver":"file","filename":"/x"}}""")]
    [InlineData("blockdev-add driver=qcow2 file=base backing=null", """{"driver":"qcow2","file":"base","backing":null}""")]
    [InlineData("blockdev-add driver=qcow2 file=base backing='null'", """{"driver":"qcow2","file":"base","backing":"null"}""")]
    [InlineData("device_add driver=virtio-blk-pci id=d bus=rp0 addr=0x3 drive=n num-queues=2", """{"driver":"virtio-blk-pci","id":"d","bus":"rp0","addr":"0x3","drive":"n","num-queues":2}""")]
    [InlineData("qom-set path=/a property=b value=5", """{"path":"/a","property":"b","value":5}""")]
    [InlineData("qom-set path=/a property=b value=\"5\"", """{"path":"/a","property":"b","value":"5"}""")]
    [InlineData("qom-set path=/a property=b value.x=true value.y=[null,1.5]", """{"path":"/a","property":"b","value":{"x":true,"y":[null,1.5]}}""")]
    public void A_line_is_read_by_QEMUs_types(string line, string? arguments)
    {
        var reading = QmpShellLine.Parse(line, Schema);
        Assert.Empty(reading.Mistakes);
        Assert.Equal(line.Trim().Split(' ')[0], reading.Command);
        Assert.Equal(arguments is null ? null : System.Text.Json.Nodes.JsonNode.Parse(arguments)!.ToJsonString(), reading.Arguments is { } json ? System.Text.Json.Nodes.JsonNode.Parse(json.GetRawText())!.ToJsonString() : null);
    }

    [Theory]
    [InlineData("", 0, "A command is missing.")]
    [InlineData("   ", 0, "A command is missing.")]
    [InlineData("query-statu", 0, "This QEMU has no command \"query-statu\". Did you mean \"query-status\"?")]
    [InlineData("<b>x</b>", 0, "This QEMU has no command \"<b>x</b>\".")]
    [InlineData("eject id", 6, "\"id\" has no value: write key=value.")]
    [InlineData("eject =5", 6, "A key is missing before the \"=\".")]
    [InlineData("eject id=a id=b", 11, "\"id\" is given twice.")]
    [InlineData("eject id=a forse=true", 17, "\"forse\" is not known here. Did you mean \"force\"? Known are device, force, id.")]
    [InlineData("eject force=yes", 12, "force wants true or false.")]
    [InlineData("eject force='true'", 12, "force wants true or false.")]
    [InlineData("eject id=[1]", 9, "id wants text.")]
    [InlineData("balloon value=1G", 14, "value wants an integer.")]
    [InlineData("balloon value=\"5\"", 14, "value wants an integer.")]
    [InlineData("balloon value=1.5", 14, "value wants an integer.")]
    [InlineData("balloon value=99999999999999999999", 14, "value wants an integer.")]
    [InlineData("balloon", 0, "value is missing (int).")]
    [InlineData("balloon {\"value\": \"x\"}", 8, "value wants an integer.")]
    [InlineData("balloon {\"value\": 1, \"value\": 2}", 8, "This is no JSON: Duplicate property 'value'")]
    [InlineData("balloon {\"value\": 5} x", 21, "Nothing may follow the JSON object.")]
    [InlineData("balloon {\"value\": 5", 8, "The bracket that opens here is never closed.")]
    [InlineData("balloon {\"value\": 5,}", 20, "This is no JSON: The JSON object contains a trailing comma")]
    [InlineData("balloon {\"välue\": x}", 18, "This is no JSON: 'x' is an invalid start of a value.")]
    [InlineData("eject id=\"abc", 9, "The quote that opens here is never closed.")]
    [InlineData("eject id='abc", 9, "The quote that opens here is never closed.")]
    [InlineData("eject id='a'b", 12, "A blank has to follow here.")]
    [InlineData("query-stats target=vm vcpus=[]", 28, "\"vcpus\" is not known here (it belongs to target vcpu). Known are providers, target.")]
    [InlineData("query-stats vcpus=[]", 0, "target is missing (vm | vcpu | cryptodev).")]
    [InlineData("query-stats target=vpcu", 19, "target wants vm | vcpu | cryptodev.")]
    [InlineData("query-stats target=vcpu vcpus=a", 30, "vcpus wants a list, [str, …].")]
    [InlineData("query-stats target=vcpu vcpus=[1]", 30, "vcpus[0] wants text.")]
    [InlineData("blockdev-add driver=qcow2 file=b cache=none", 39, "cache wants an object: cache.member=value, or {…}.")]
    [InlineData("blockdev-add driver=qcow2 file=b cache.dirct=true", 45, "\"cache.dirct\" is not known here. Did you mean \"direct\"? Known are direct, no-flush.")]
    [InlineData("blockdev-add driver=qcow2 file=b cache.direct=true cache={}", 51, "\"cache\" is given twice.")]
    [InlineData("blockdev-add driver=qcow2 file=b cache={} cache.direct=true", 42, "\"cache\" has a value already, so that it cannot have members.")]
    [InlineData("eject a..b=1", 6, "A name is missing beside a dot of this key.")]
    public void A_mistake_is_told_with_its_place_and_with_what_is_allowed(string line, int position, string message)
    {
        var reading = QmpShellLine.Parse(line, Schema);
        Assert.Null(reading.Arguments);
        var mistake = reading.Mistakes[0];
        Assert.StartsWith(message, mistake.Message.Replace(" Did you mean \"vcpu\"?", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(position, mistake.Position);
        Assert.InRange(mistake.Position + mistake.Length, 0, line.Length);
    }

    [Fact]
    public void Half_a_character_cannot_be_sent()
    {
        // Not as data of a theory, which the runner would write down as text.
        var reading = QmpShellLine.Parse("eject id=\ud83d", Schema);
        Assert.Equal(new QmpShellMistake(9, 1, "Half a character stands here."), Assert.Single(reading.Mistakes));
        Assert.Empty(QmpShellLine.Parse("eject id=\ud83d\ude00", Schema).Mistakes);
        Assert.Empty(QmpShellLine.Complete("ej\ude00", 2, Schema).Candidates);
    }

    [Fact]
    public void Every_mistake_of_a_line_is_told_in_its_order()
    {
        var reading = QmpShellLine.Parse("query-stats vcpus=5 target=vcpu providers=[] nosuch=1", Schema);
        Assert.Equal([18, 52], reading.Mistakes.Select(mistake => mistake.Position));
    }

    [Fact]
    public void Hostile_lines_end_soon_and_in_few_words()
    {
        string[] lines =
        [
            "eject " + new string('x', 100_000),
            "eject id=" + new string('[', 60_000),
            "eject id=" + string.Concat(Enumerable.Repeat("[", 30_000)) + string.Concat(Enumerable.Repeat("]", 30_000)),
            "eject " + string.Concat(Enumerable.Repeat("a=[] ", 13_000)),
            "eject " + string.Concat(Enumerable.Range(0, 6_000).Select(i => $"k{i}={i} ")),
            "eject " + string.Concat(Enumerable.Repeat("a.", 30_000)) + "b=1",
            "eject id=\"" + string.Concat(Enumerable.Repeat("\\", 60_000)),
            "eject {" + string.Concat(Enumerable.Range(0, 4_000).Select(i => $"\"k{i}\":{{}},")) + "\"id\":5}",
            "eject \0\r\n\t id=\u202e\u0007",
            new string('q', 65_536),
        ];
        var clock = Stopwatch.StartNew();
        foreach (var line in lines)
        {
            var reading = QmpShellLine.Parse(line, Schema);
            Assert.InRange(reading.Mistakes.Sum(mistake => mistake.Message.Length), reading.Mistakes.Length, 20_000 + (reading.Mistakes.Length * 100));
            QmpShellLine.Complete(line, line.Length, Schema);
            QmpShellLine.Complete(line, Math.Min(7, line.Length), Schema);
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Whatever_is_typed_is_read_or_refused_and_never_a_fault()
    {
        var random = Seed.Print();
        string[] pieces = ["eject", "blockdev-add", " ", "  ", "=", ".", "{", "}", "[", "]", "\"", "'", "\\", ",", ":", "driver", "qcow2", "file", "id", "5", "true", "ä", "😀", "\0", "null"];
        for (var i = 0; i < LongForm.Rounds(20_000); i++)
        {
            var line = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var reading = QmpShellLine.Parse(line, Schema);
            Assert.All(reading.Mistakes, mistake => Assert.InRange(mistake.Position + mistake.Length, mistake.Position, line.Length));
            QmpShellLine.Complete(line, random.Next(line.Length + 1), Schema);
        }
    }
}

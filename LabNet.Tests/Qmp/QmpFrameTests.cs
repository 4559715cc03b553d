using System.Buffers;
using System.Text;
using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class QmpFrameTests
{
    [Theory]
    [InlineData("""{"return": {}, "id": 7}""", "{}", 7L)]
    [InlineData("""{"id": 7, "return": {"a": [1, {"b": "\n"}]}}""", """{"a": [1, {"b": "\n"}]}""", 7L)]
    [InlineData("""  { "id" : 7 , "new-in-qemu-12" : {"return": 1, "id": 3} , "return" : "" }  """, "\"\"", 7L)]
    [InlineData("""{"return": 0}""", "0", null)]
    [InlineData("""{"return": null, "id": null}""", "null", null)]
    [InlineData("""{"return": 1e400, "id": "7"}""", "1e400", null)]
    [InlineData("""{"return": 123456789012345678901234567890, "id": 99999999999999999999}""", "123456789012345678901234567890", null)]
    [InlineData("""{"return": 1, "id": [7]}""", "1", null)]
    [InlineData("""{"return": 1, "id": 9223372036854775807}""", "1", long.MaxValue)]
    [InlineData("""{"return": 1, "\u0069d": 5}""", "1", 5L)]
    public void A_reply_is_taken_by_its_id_and_its_value_stays_as_it_came(string line, string value, long? id)
    {
        var frame = Parse(line);
        Assert.Equal((QmpFrameKind.Return, value, id), (frame.Kind, frame.PayloadText, frame.Id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"return\"")]
    [InlineData("{}")]
    [InlineData("""{"id": 1}""")]
    [InlineData("""{"event": null}""")]
    [InlineData("""{"event": 5}""")]
    [InlineData("""{"event": "STOP", "timestamp": 5}""")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": "5"}}""")]
    [InlineData("""{"return": {}, "id": 1""")]
    [InlineData("""{"return": {}, "id": 1}}""")]
    [InlineData("""{"return": {}, "id": 1}{"return": {}, "id": 2}""")]
    [InlineData("""{"return": {}, "id": 1} garbage""")]
    [InlineData("""{"return": }""")]
    [InlineData("""{"return": {"a": 1,}, "id": 1}""")]
    [InlineData("GET / HTTP/1.1")]
    public void What_is_no_QMP_is_a_protocol_error(string line) => Assert.Throws<QmpProtocolException>(() => Parse(line));

    [Fact]
    public void Invalid_UTF8_is_a_protocol_error_where_it_is_read_and_kept_where_it_is_not()
    {
        Assert.Throws<QmpProtocolException>(() => Parse([.. """{"event": " """u8, 0xFF, .. "\"}"u8]));
        Assert.Throws<QmpProtocolException>(() => Parse([0xFE, .. """{"return": {}}"""u8]));
        Assert.Throws<QmpProtocolException>(() => ParseGreeting([.. """{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 7}, "package": " """u8, 0xFF, .. "\"}}}"u8]));
        Assert.Equal(QmpFrameKind.Return, Parse([.. """{"return": " """u8, 0xC0, .. "\", \"id\": 1}"u8]).Kind);
    }

    [Theory]
    [InlineData("""{"seconds": 1795346834, "microseconds": 249121}""", 1795346834249121000L)]
    [InlineData("""{"seconds": -1, "microseconds": -1}""", null)]
    [InlineData("""{"seconds": 0, "microseconds": 0, "nanoseconds": 5}""", 0L)]
    [InlineData("""{"seconds": 9223372036854775807, "microseconds": 0}""", null)]
    [InlineData("""{"seconds": 9223372036, "microseconds": 9223372036854775807}""", null)]
    [InlineData("null", null)]
    public void An_event_has_QEMUs_time_or_none(string timestamp, long? timeNs)
    {
        var frame = Parse($$"""{"timestamp": {{timestamp}}, "event": "STOP"}""");
        Assert.Equal((QmpFrameKind.Event, "STOP", timeNs), (frame.Kind, frame.EventName, frame.TimeNs));
        Assert.Equal(JsonValueKind.Undefined, frame.Data.ValueKind);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(900)]
    public void A_reply_may_be_nested_as_deep_as_QEMU_can_nest(int depth)
    {
        // query-block tells a disk's whole chain of backing images, one inside the other; QEMU's own parser ends at 1024.
        var value = string.Concat(Enumerable.Repeat("{\"backing-image\":", depth)) + "{}" + new string('}', depth);
        Assert.Equal(value, Parse($$"""{"return": {{value}}, "id": 1}""").PayloadText);
        Assert.Equal(value, Parse($$"""{"event": "X", "data": {{value}}}""").Data.GetRawText());
    }

    [Fact]
    public void Nesting_without_end_is_a_protocol_error() =>
        Assert.Throws<QmpProtocolException>(() => Parse("""{"return": """ + new string('[', 1_000_000)));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"QMP": null}""")]
    [InlineData("""{"QMP": {"version": null}}""")]
    [InlineData("""{"QMP": {"version": {"package": ""}}}""")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": -7}, "package": ""}}}""")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 99999999999}, "package": ""}}}""")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 7}, "package": ""}}} {}""")]
    [InlineData("SSH-2.0-OpenSSH_9.2")]
    public void What_is_no_greeting_is_a_protocol_error(string line) =>
        Assert.Throws<QmpProtocolException>(() => ParseGreeting(Encoding.UTF8.GetBytes(line)));

    [Theory]
    [MemberData(nameof(Recording.Machines), MemberType = typeof(Recording))]
    public void A_recorded_greeting_tells_the_version(string machine)
    {
        var greeting = ParseGreeting(Encoding.UTF8.GetBytes(Recording.Read(machine, "greeting").Single()));
        Assert.StartsWith(machine.Split('-')[0], greeting.Version.ToString(), StringComparison.Ordinal);
        Assert.Contains("Debian", greeting.Package, StringComparison.Ordinal);
    }

    private static QmpFrame Parse(string line) => Parse(Encoding.UTF8.GetBytes(line));

    private static QmpFrame Parse(byte[] line) => QmpFrame.Parse(new ReadOnlySequence<byte>(line));

    private static QmpGreeting ParseGreeting(byte[] line) => QmpFrame.ParseGreeting(new ReadOnlySequence<byte>(line));
}

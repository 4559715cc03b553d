using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.TraceEvents;
using static LabNet.Tests.TraceEvents.SampleEvents;

namespace LabNet.Tests.TraceEvents;

/// <summary>CSV and NDJSON.</summary>
[Trait("suite", "unit")]
public sealed class TextTraceWriterTests
{
    [Fact]
    public async Task A_line_of_JSON_has_what_the_contract_says() => Assert.Equal(
        """
        {"time":"2026-11-22T10:00:00.000010Z","seq":10,"vm":"x86","event":"virtio_blk_handle_read","thread":100,"vcpu":0,"args":{"vdev":16,"req":1,"sector":2048,"nsectors":8},"latencyUs":null}
        {"time":"2026-11-22T10:00:00.000095Z","seq":95,"vm":"x86","event":"virtio_blk_req_complete","thread":7,"vcpu":null,"args":{"vdev":16,"req":1,"status":0},"latencyUs":85.5}
        {"time":"2026-11-22T10:00:00.000096Z","seq":96,"vm":"arm","event":"e","thread":null,"vcpu":null,"args":{"n":-5,"u":18446744073709551615,"s":"ü\"\n"},"latencyUs":null}

        """,
        await TextAsync(TraceExportFormat.Ndjson, BeginAt(10, 1), EndAt(95, 1, 0) with { LatencyNs = 85_500 }, Odd(96)));

    [Fact]
    public async Task A_line_of_CSV_has_the_same() => Assert.Equal(
        "time,seq,vm,event,thread,vcpu,latencyUs,args\r\n"
        + "2026-11-22T10:00:00.000010Z,10,x86,virtio_blk_handle_read,100,0,,\"{\"\"vdev\"\":16,\"\"req\"\":1,\"\"sector\"\":2048,\"\"nsectors\"\":8}\"\r\n"
        + "2026-11-22T10:00:00.000095Z,95,x86,virtio_blk_req_complete,7,,85.5,\"{\"\"vdev\"\":16,\"\"req\"\":1,\"\"status\"\":0}\"\r\n",
        await TextAsync(TraceExportFormat.Csv, BeginAt(10, 1), EndAt(95, 1, 0) with { LatencyNs = 85_500 }));

    [Fact]
    public async Task Hostile_texts_are_read_back_from_JSON_as_they_are()
    {
        var text = await TextAsync(TraceExportFormat.Ndjson, [.. Hostile()]);
        var lines = text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(Expected(), lines.Select(line => line["event"]!.GetValue<string>()));
        Assert.Equal(Expected(), lines.Select(line => line["args"]!["text"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Hostile_texts_are_read_back_from_CSV_and_none_becomes_a_formula()
    {
        var rows = CsvReading.Read(await TextAsync(TraceExportFormat.Csv, [.. Hostile()]));
        Assert.All(rows, row => Assert.Equal(8, row.Length));
        Assert.Equal(Expected(), rows.Skip(1).Select(row => JsonNode.Parse(row[7])!["text"]!.GetValue<string>()));
        Assert.Equal(Expected().Select(text => text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text), rows.Skip(1).Select(row => row[3]));
        Assert.DoesNotContain(rows.Skip(1).SelectMany(row => row), cell => cell.Length > 0 && "=+-@\t\r".Contains(cell[0], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_spreadsheet_that_parts_cells_by_semicolons_finds_none_that_a_guest_made()
    {
        var csv = await TextAsync(TraceExportFormat.Csv, At(1, Access, [0, 1, 2, 3, 4, "x;=cmd|' /C calc'!A0;\t=1"]));
        Assert.DoesNotContain(csv, letter => letter is ';' or '\t');
        Assert.Equal("x;=cmd|' /C calc'!A0;\t=1", JsonNode.Parse(CsvReading.Read(csv)[1][7])!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Of_arguments_with_one_name_the_first_is_told()
    {
        var twice = At(1, Typed("e", "a:d", "b:d", "a:d"), [1, 2, 3]);
        using var document = JsonDocument.Parse(await TextAsync(TraceExportFormat.Ndjson, twice), new JsonDocumentOptions { AllowDuplicateProperties = false });
        Assert.Equal("""{"a":1,"b":2}""", document.RootElement.GetProperty("args").GetRawText());
    }

    private static TraceEvent Odd(long us) => At(us, Typed("e", "n:d", "u:u", "s:s"), [-5, ulong.MaxValue, "ü\"\n"], vm: Arm) with { Thread = default };

    private static IEnumerable<TraceEvent> Hostile() => HostileTexts.Select(text => At(1, TraceEventType.Untyped(text), [text]));

    /// <summary>A half of a surrogate pair has no place in UTF-8.</summary>
    private static IEnumerable<string> Expected() => HostileTexts.Select(text => text.Replace('\ud800', '\ufffd'));

    private static async Task<string> TextAsync(TraceExportFormat format, params TraceEvent[] events) => Encoding.UTF8.GetString(await ExportAsync(format, events));
}

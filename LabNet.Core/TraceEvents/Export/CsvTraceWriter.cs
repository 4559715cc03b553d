using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// RFC 4180 in UTF-8, with a header line; cells that are not known are empty:
/// <code>
/// time,seq,vm,event,thread,vcpu,latencyUs,args
/// 2026-11-22T10:00:00.123456Z,7,x86,virtio_blk_req_complete,4711,0,85,"{""vdev"":94370280644320,""status"":0}"
/// </code>
/// A spreadsheet takes a cell that begins with <c>=</c>, <c>+</c>, <c>-</c> or <c>@</c> for a formula: a text that begins so gets an
/// apostrophe before it. What a guest says stands in <c>args</c> alone, which begins with a brace; semicolons are escaped there, so that
/// none makes a cell of its own where a spreadsheet takes them for commas.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CsvTraceWriter : ITraceWriter
{
    private const int NumberBytesMax = 32;

    private static readonly SearchValues<byte> Quoted = SearchValues.Create("\",\r\n"u8);
    private static readonly SearchValues<char> BeginsFormula = SearchValues.Create("=+-@\t\r");

    private readonly IBufferWriter<byte> _to;
    private readonly ArrayBufferWriter<byte> _cell = new();
    private readonly Utf8JsonWriter _json;

    public CsvTraceWriter(IBufferWriter<byte> to)
    {
        _to = to;
        _json = new Utf8JsonWriter(_cell, TraceEventJson.Options with { Encoder = WithoutSemicolons() });
    }

    public void Begin() => _to.Write("time,seq,vm,event,thread,vcpu,latencyUs,args\r\n"u8);

    public void Write(TraceEvent traced)
    {
        _to.Advance(TraceEventJson.WriteTime(_to.GetSpan(TraceEventJson.TimeBytesMax), traced.TimeNs));
        WriteWhole(traced.Sequence);
        WriteText(traced.Vm.ToString());
        WriteText(traced.Type.Name);
        WriteWhole(traced.Thread.Id == 0 ? null : traced.Thread.Id);
        WriteWhole(traced.Thread.Vcpu);
        WriteNumber(TraceEventJson.LatencyUs(traced));
        _cell.ResetWrittenCount();
        TraceEventJson.WriteArguments(_json, traced);
        _json.Flush();
        _json.Reset();
        WriteCell(_cell.WrittenSpan);
        _to.Write("\r\n"u8);
    }

    public void End()
    {
    }

    public void Dispose() => _json.Dispose();

    private static JavaScriptEncoder WithoutSemicolons()
    {
        var letters = new TextEncoderSettings(UnicodeRanges.All);
        letters.ForbidCharacter(';');
        return JavaScriptEncoder.Create(letters);
    }

    private void WriteWhole(long? number)
    {
        _to.Write(","u8);
        if (number is { } known)
        {
            known.TryFormat(_to.GetSpan(NumberBytesMax), out var written, default, CultureInfo.InvariantCulture);
            _to.Advance(written);
        }
    }

    private void WriteNumber(double? number)
    {
        _to.Write(","u8);
        if (number is { } known)
        {
            known.TryFormat(_to.GetSpan(NumberBytesMax), out var written, default, CultureInfo.InvariantCulture);
            _to.Advance(written);
        }
    }

    private void WriteText(string text)
    {
        _cell.ResetWrittenCount();
        if (text.AsSpan(0, Math.Min(1, text.Length)).ContainsAny(BeginsFormula))
        {
            _cell.Write("'"u8);
        }

        Encoding.UTF8.GetBytes(text, _cell);
        WriteCell(_cell.WrittenSpan);
    }

    private void WriteCell(ReadOnlySpan<byte> cell)
    {
        _to.Write(","u8);
        if (!cell.ContainsAny(Quoted))
        {
            _to.Write(cell);
            return;
        }

        _to.Write("\""u8);
        for (var quote = cell.IndexOf((byte)'"'); quote >= 0; quote = cell.IndexOf((byte)'"'))
        {
            _to.Write(cell[..(quote + 1)]);
            _to.Write("\""u8);
            cell = cell[(quote + 1)..];
        }

        _to.Write(cell);
        _to.Write("\""u8);
    }
}

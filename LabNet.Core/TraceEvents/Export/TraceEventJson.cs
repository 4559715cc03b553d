using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using LabNet.Core.Feed;

namespace LabNet.Core.TraceEvents;

/// <summary>
/// A trace event as JSON, wherever one is told:
/// <code>
/// {"time": "2026-11-22T10:00:00.123456Z", "seq": 7, "vm": "x86", "event": "virtio_blk_req_complete", "thread": 4711, "vcpu": 0,
///  "args": {"vdev": 94370280644320, "req": 140299720179936, "status": 0}, "latencyUs": 85}
/// </code>
/// Of arguments with one name the first is told. <c>thread</c>, <c>vcpu</c> and <c>latencyUs</c> are null where they are not known.
/// </summary>
public static class TraceEventJson
{
    private const double NanosecondsPerMicrosecond = 1000;

    /// <summary>Letters of all languages stay what they are; line feeds and quotation marks of a guest are escaped.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes one object.</summary>
    public static void Write(Utf8JsonWriter to, TraceEvent traced)
    {
        to.WriteStartObject();
        Span<byte> time = stackalloc byte[TimeBytesMax];
        to.WriteString("time"u8, time[..WriteTime(time, traced.TimeNs)]);
        to.WriteNumber("seq"u8, traced.Sequence);
        to.WriteString("vm"u8, traced.Vm.ToString());
        to.WriteString("event"u8, traced.Type.Name);
        WriteNumber(to, "thread"u8, traced.Thread.Id == 0 ? null : traced.Thread.Id);
        WriteNumber(to, "vcpu"u8, traced.Thread.Vcpu);
        to.WritePropertyName("args"u8);
        WriteArguments(to, traced);
        if (LatencyUs(traced) is { } latencyUs)
        {
            to.WriteNumber("latencyUs"u8, latencyUs);
        }
        else
        {
            to.WriteNull("latencyUs"u8);
        }

        to.WriteEndObject();
    }

    internal const int TimeBytesMax = 32;

    /// <returns>How many bytes it takes.</returns>
    internal static int WriteTime(Span<byte> to, long timeNs)
    {
        UnixTime.FromUnixTimeNs(timeNs).TryFormat(to, out var written, UnixTime.IsoFormat, CultureInfo.InvariantCulture);
        return written;
    }

    internal static double? LatencyUs(TraceEvent traced) => traced.LatencyNs / NanosecondsPerMicrosecond;

    internal static void WriteArguments(Utf8JsonWriter to, TraceEvent traced)
    {
        to.WriteStartObject();
        for (var place = 0; place < traced.Type.Arguments.Length; place++)
        {
            if (traced.Type.IsRepeated(place))
            {
                continue;
            }

            var (name, value) = (traced.Type.Arguments[place].Name, traced.Values[place]);
            switch (value.Kind)
            {
                case TraceValueKind.Text:
                    to.WriteString(name, value.Text);
                    break;
                case TraceValueKind.Number:
                    to.WriteNumber(name, value.Bits);
                    break;
                default:
                    to.WriteNumber(name, unchecked((ulong)value.Bits));
                    break;
            }
        }

        to.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter to, ReadOnlySpan<byte> name, int? number)
    {
        if (number is { } known)
        {
            to.WriteNumber(name, known);
        }
        else
        {
            to.WriteNull(name);
        }
    }
}

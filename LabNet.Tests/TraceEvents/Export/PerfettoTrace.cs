namespace LabNet.Tests.TraceEvents;

/// <param name="Track">Such as <c>x86/vCPU 0</c>.</param>
/// <param name="Type">3 an instant, 4 a counter's value; a slice is one event of type 1 with its <paramref name="EndNs"/>.</param>
internal sealed record PerfettoEvent(ulong TimeNs, ulong EndNs, string Track, ulong TrackUuid, ulong Type, string Name, string Arguments, string[] Flows, long Value);

/// <summary>A trace, read strictly: what Perfetto would guess, drop or count as an error is a failure here.</summary>
internal sealed class PerfettoTrace
{
    private readonly Dictionary<ulong, (string Path, bool IsCounter)> _tracks = [];
    private readonly Dictionary<(string, ulong), string> _names = [];
    private readonly List<(ulong TimeNs, ProtoText Event, string Name, string Arguments)> _raw = [];

    private PerfettoTrace(ProtoText trace)
    {
        Assert.DoesNotContain(trace.FieldNames, name => char.IsAsciiDigit(name[0]));
        foreach (var (packet, place) in trace.All("packet").Select((packet, place) => (packet, place)))
        {
            Assert.Equal((1UL, place == 0 ? 1UL : 2UL), (packet.Number("trusted_packet_sequence_id"), packet.Number("sequence_flags")));
            Assert.Equal(place == 0, packet.One("clock_snapshot") is not null);
            Read(packet);
        }

        Events = [.. ReadSlices().Concat(_raw.Where(raw => raw.Event.Number("type") > 2).Select(raw => Of(raw, raw.TimeNs))).OrderBy(e => e.TimeNs)];
        Assert.All(Events, e => Assert.Equal(e.Type == 4, _tracks[e.TrackUuid].IsCounter));
        Assert.All(Events.Where(e => e.Type == 4), e => Assert.True(e.Value >= 0));
        Assert.All(Events.SelectMany(e => e.Flows).CountBy(flow => flow), flow => Assert.InRange(flow.Value, 2, 3));
    }

    /// <summary>By time.</summary>
    public IReadOnlyList<PerfettoEvent> Events { get; }

    /// <summary>Those that are told once.</summary>
    public int NumberedNames => _names.Count;

    public IEnumerable<string> Tracks => _tracks.Values.Select(track => track.Path);

    public static async Task<PerfettoTrace> ReadAsync(byte[] bytes) =>
        new(await ProtoText.DecodeAsync(Repository.At("LabNet.Tests/TraceEvents/Export/perfetto.proto"), "Trace", bytes));

    private void Read(ProtoText packet)
    {
        if (packet.One("clock_snapshot") is { } snapshot)
        {
            Assert.Equal((1UL, 1UL, 1UL), (snapshot.Number("primary_trace_clock"), snapshot.One("clocks")!.Number("clock_id"), packet.One("trace_packet_defaults")!.Number("timestamp_clock_id")));
            Assert.Equal(1UL, packet.Number("first_packet_on_sequence"));
        }

        if (packet.One("track_descriptor") is { } track)
        {
            var parent = track.Number("parent_uuid") is { } uuid ? _tracks[uuid].Path + "/" : "";
            _tracks.Add(track.Number("uuid")!.Value, (parent + track.Text("name"), track.One("counter") is not null));
        }

        foreach (var kind in (string[])["event_names", "debug_annotation_names"])
        {
            foreach (var name in packet.One("interned_data")?.All(kind) ?? [])
            {
                _names.Add((kind, name.Number("iid")!.Value), name.Text("name")!);
            }
        }

        if (packet.One("track_event") is { } traced)
        {
            Assert.Contains(traced.Number("track_uuid")!.Value, _tracks.Keys);
            _raw.Add((packet.Number("timestamp")!.Value, traced, NameOf(traced, "event_names") ?? "", string.Join(' ', traced.All("debug_annotations").Select(Shown))));
        }
    }

    /// <summary>Begins and ends in the order of time, those of one time as they came, as Perfetto sorts them.</summary>
    private IEnumerable<PerfettoEvent> ReadSlices()
    {
        foreach (var track in _raw.Where(raw => raw.Event.Number("type") <= 2).GroupBy(raw => raw.Event.Number("track_uuid")))
        {
            (ulong TimeNs, ProtoText Event, string Name, string Arguments)? open = null;
            foreach (var raw in track.OrderBy(raw => raw.TimeNs))
            {
                Assert.Equal(raw.Event.Number("type") == 2, open is not null);
                if (open is { } begin)
                {
                    yield return Of((begin.TimeNs, begin.Event, begin.Name, $"{begin.Arguments} | {raw.Arguments}"), raw.TimeNs);
                }

                open = open is null ? raw : null;
            }

            Assert.Null(open);
        }
    }

    private PerfettoEvent Of((ulong TimeNs, ProtoText Event, string Name, string Arguments) raw, ulong endNs)
    {
        var track = raw.Event.Number("track_uuid")!.Value;
        return new PerfettoEvent(
            raw.TimeNs, endNs, _tracks[track].Path, track, raw.Event.Number("type")!.Value, raw.Name, raw.Arguments, [.. raw.Event.Texts("flow_ids")],
            unchecked((long)(raw.Event.Number("counter_value") ?? 0)));
    }

    private string? NameOf(ProtoText named, string kind) => named.Number("name_iid") is { } number ? _names[(kind, number)] : named.Text("name");

    private string Shown(ProtoText annotation)
    {
        var name = NameOf(annotation, "debug_annotation_names");
        return annotation.Number("pointer_value") is { } pointer ? $"{name}=0x{pointer:x}"
            : annotation.Text("string_value") is { } text ? $"{name}='{text}'"
            : annotation.Text("int_value") is { } signed ? $"{name}={signed}"
            : $"{name}={annotation.Text("uint_value")}u";
    }
}

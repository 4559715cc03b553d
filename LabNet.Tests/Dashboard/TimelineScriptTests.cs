using System.Text.Json;
using Microsoft.Playwright;

namespace LabNet.Tests.Dashboard;

/// <summary>The parts of the timeline's scripts that draw nothing, in the browser that they are made for.</summary>
[Trait("suite", "browser")]
public sealed class TimelineScriptTests : IAsyncLifetime
{
    private DashboardHost? _host;
    private Browser? _browser;
    private IPage? _page;

    public async ValueTask InitializeAsync()
    {
        _host = await DashboardHost.StartAsync(Labs.CrossArch());
        _browser = await Browser.StartAsync();
        _page = await _browser.OpenAsync(_host.Address);
        await _page.GotoAsync("/login");
    }

    public async ValueTask DisposeAsync()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_host?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact(Timeout = 120_000)]
    public Task Times_keep_their_microseconds() => ExpectAsync(
        "time",
        """
        const epoch = new m.Epoch(Date.parse('2026-11-22T10:00:00.700Z'));
        return [
          epoch.of('2026-11-22T10:00:00.123456Z'), epoch.of('2026-11-22T09:59:59.999999Z'), epoch.of('2026-11-22T10:00:01Z'), epoch.of('2026-11-22T10:00:00.1234567Z'),
          epoch.multipleBefore(1000003, 1000), epoch.multipleBefore(-3, 2500), epoch.multipleBefore(7, 3600e9), epoch.toIso(123456), epoch.toIso(-1), epoch.toIso(31536000e6 + 1), m.utcText(epoch, 0.4),
        ];
        """,
        123456, -1, 1000000, 123456.7, 1000003, -5, 0,
        "2026-11-22T10:00:00.123456Z", "2026-11-22T09:59:59.999999Z", "2027-11-22T10:00:00.000001Z", "2026-11-22 10:00:00.000000 UTC");

    [Fact(Timeout = 120_000)]
    public Task Durations_are_told_in_the_unit_that_fits() => ExpectAsync(
        "time",
        "return [0, 0.25, 3, 999.7, 1234, 5.6e6, 61e6, 3599.99e6, 7325e6, 90061e6, -12].map(m.durationText);",
        "0 s", "250 ns", "3 µs", "1 ms", "1.23 ms", "5.6 s", "1 min 1 s", "1 h", "2 h 2 min", "1 d 1 h", "−12 µs");

    [Fact(Timeout = 120_000)]
    public Task The_axis_has_round_times_at_every_scale() => ExpectAsync(
        "time",
        """
        const epoch = new m.Epoch(Date.parse('2026-11-22T10:00:00Z'));
        const zone = -new Date(epoch.originMs).getTimezoneOffset() * 60e6;
        const found = [];
        for (let span = 20; span < 300 * 86400e6; span *= 3) {
          const ticks = m.ticks(epoch, 12345, 12345 + span, span / 10);
          const step = m.tickStep(span / 10);
          const round = ticks.every(tick => Math.abs(((tick.at + epoch.originMs * 1000 + zone) / step) % 1) < 1e-6 || step < 1e6 || step > 3600e6);
          const areTold = step >= 21600e6 || new Set(ticks.map(tick => tick.text)).size === ticks.length;
          found.push(ticks.length >= 2 && ticks.length <= 12 && round && areTold);
        }
        return [found.every(Boolean), m.tickStep(0.5), m.tickStep(3), m.tickStep(101), m.tickStep(0.7e6), m.tickStep(3.1e6), m.tickStep(50 * 60e6)];
        """,
        true, 1, 5, 200, 1e6, 5e6, 3600e6);

    [Fact(Timeout = 120_000)]
    public Task What_is_under_the_pointer_stays_there_and_nobody_zooms_or_moves_out_of_all_time() => ExpectAsync(
        "view",
        """
        const near = m.zoomed({ from: 1000, to: 3000 }, 0.5, 1500);
        const nearest = m.zoomed({ from: 0, to: 100 }, 1e-9, 50);
        const far = m.zoomed({ from: 0, to: 100 }, 1e18, 50);
        const late = m.kept({ from: 5000, to: 6000 }, 0, 4000);
        const early = m.kept({ from: -500, to: 500 }, 0, 4000);
        return [near.from, near.to, m.pixelOf(near, 1500, 100), nearest.to - nearest.from, far.to - far.from, late.from, late.to, early.from, early.to];
        """,
        1250, 2250, 25, 20, 366 * 86400e6, 3500, 4500, 0, 1000);

    [Fact(Timeout = 120_000)]
    public async Task A_view_is_asked_for_in_whole_microseconds_and_in_no_more_bins_than_it_has_pixels()
    {
        var random = Seed.Print();
        var views = Enumerable.Range(0, 500).Select(_ => new
        {
            From = (random.NextDouble() - 0.5) * 1e12,
            Span = Math.Pow(10, 1.4 + (random.NextDouble() * 12)),
            Width = random.Next(200, 4000),
        });
        await ExpectAsync(
            "view",
            $$"""
            const bad = {{JsonSerializer.Serialize(views, JsonSerializerOptions.Web)}}.filter(({ from, span, width }) => {
              const plan = m.planOf({ from, to: from + span }, width);
              return plan.bins >= width || plan.bins > 2000 || !Number.isInteger(plan.binUs) || !Number.isInteger(plan.from) || plan.to - plan.from !== plan.bins * plan.binUs
                || plan.from > from || plan.to < from + span || (plan.binUs > 1 && plan.bins < Math.min(width, 2000) / 3);
            });
            return [bad.length, JSON.stringify(bad[0] ?? null)];
            """,
            0, "null");
    }

    [Fact(Timeout = 120_000)]
    public Task What_later_lines_tell_of_a_bin_comes_on_top() => ExpectAsync(
        "bins",
        """
        const { Epoch } = await import('/timeline/time.js');
        const epoch = new Epoch(1000);
        const window = new m.BinnedWindow({ from: 30, to: 990, binUs: 100, bins: 10 }, 5000);
        const part = (more, searched, complete) => ({ binNs: 100000, bins: 10, searched, complete, tracks: [{ vm: 'x86', track: 'read', latencyCount: null, latencyMeanUs: null, latencyMaxUs: null, ...more }] });
        window.add(part({ events: 7, bin: [4, 9], count: [3, 4], latencyCount: [1, 0], latencyMeanUs: [10, null], latencyMaxUs: [10, null] }, 0.6, false), epoch);
        const known = window.knownFrom;
        window.add(part({ events: 4, bin: [0, 4, 10, -1], count: [1, 3, 50, 50], latencyCount: [0, 3, 1, 1], latencyMeanUs: [null, 30, 9, 9], latencyMaxUs: [null, 70, 99, 99] }, 1, true), epoch);
        const total = m.totalOf(window, window.tracks.get('x86/read'), 0, 500);
        const { events, peak, latencyPeak } = window.tracks.get('x86/read');
        return [known, window.knownFrom, window.isComplete, total.count, total.timed, total.meanUs, total.maxUs, events, peak, latencyPeak];
        """,
        400, 0, true, 7, 4, 25, 70, 11, 6, 70);

    [Fact(Timeout = 120_000)]
    public Task A_snapshot_has_a_look_of_its_own_also_among_others() => ExpectAsync(
        "draw-lanes",
        """
        const of = (...events) => { const { shape, tone } = m.lookOf(events.map(([kind, name]) => ({ kind, name }))); return `${shape} ${tone}`; };
        return [
          of(['snapshot', 'taken']), of(['snapshot', 'not-taken']), of(['snapshot', 'in-doubt']), of(['operation', 'ended']), of(['device', 'gone']),
          of(['action', 'snapshot'], ['snapshot', 'taken'], ['operation', 'ended']), of(['process', 'crashed'], ['snapshot', 'restored']),
        ];
        """,
        "bookmark --lab-series-4", "bookmark --lab-bad", "bookmark --lab-warning", "flag --lab-accent", "plus --lab-busy", "bookmark --lab-series-4", "bookmark --lab-bad");

    [Fact(Timeout = 120_000)]
    public Task What_is_done_on_purpose_warns_when_it_begins_and_is_good_when_it_is_over() => ExpectAsync(
        "draw-lanes",
        """
        const of = (...events) => { const { shape, tone } = m.lookOf(events.map(([kind, name]) => ({ kind, name }))); return `${shape} ${tone}`; };
        return [
          of(['fault', 'injected']), of(['fault', 'lifted']), of(['fault', 'failed']), of(['action', 'fault'], ['fault', 'injected']),
          of(['chaos', 'began']), of(['chaos', 'check-failed']), of(['capture', 'began']), of(['capture', 'ended']), of(['traffic', 'sending']), of(['traffic', 'failed']),
        ];
        """,
        "bolt --lab-warning", "bolt --lab-good", "bolt --lab-bad", "bolt --lab-warning",
        "flag --lab-warning", "flag --lab-bad", "square --lab-busy", "square --lab-good", "arrow --lab-busy", "arrow --lab-bad");

    [Fact(Timeout = 120_000)]
    public Task A_view_is_drawn_from_what_suits_best_and_no_stretch_twice() => ExpectAsync(
        "bins",
        """
        const { Epoch } = await import('/timeline/time.js');
        const window = (from, to, binUs, at, complete = true) => {
          const bins = (to - from) / binUs;
          const made = Object.assign(new m.BinnedWindow({ from, to, binUs, bins }, 1e9), { at });
          const track = { vm: 'x86', track: 'read', events: 1, bin: [bins * 0.75], count: [1], latencyCount: null };
          made.add({ binNs: binUs * 1000, bins, searched: complete ? 1 : 0.1, complete, tracks: [track] }, new Epoch(0));
          return made;
        };
        const coarse = window(0, 2000, 50, 1);
        const fine = window(600, 1400, 10, 2);
        const fresh = window(600, 1400, 10, 3, false);
        const { pieces, open, primary } = m.coverOf({ from: 500, to: 2500 }, [coarse, fine, fresh], 12);
        const name = one => one === coarse ? 'coarse' : one === fine ? 'fine' : 'fresh';
        return [pieces.map(one => `${name(one.window)} ${one.from}-${one.to}`).join(), open.map(one => `${one.from}-${one.to}`).join(), name(primary)];
        """,
        "coarse 500-600,fine 600-1200,fresh 1200-1400,coarse 1400-2000", "2000-2500", "fresh");

    [Fact(Timeout = 120_000)]
    public async Task Requests_that_overlap_never_share_a_lane()
    {
        var random = Seed.Print();
        var spans = Enumerable.Range(0, 400).Select(_ => new { From = random.Next(0, 5000), Length = random.Next(1, 200) });
        await ExpectAsync(
            "spans",
            $$"""
            const spans = {{JsonSerializer.Serialize(spans, JsonSerializerOptions.Web)}}.map(({ from, length }) => ({ from, to: from + length, isSpan: true }));
            const laid = m.laidOut(spans, 1000);
            const overlap = laid.spans.filter((a, i) => laid.spans.some((b, j) => i < j && a.lane === b.lane && a.from < b.to && b.from < a.to));
            const deepest = Math.max(...laid.spans.map(a => laid.spans.filter(b => b.from <= a.from && b.to > a.from).length));
            const few = m.laidOut(spans, 3);
            return [overlap.length, laid.lanes === Math.max(1, deepest), few.lanes, m.firstFrom(laid.spans, laid.spans[200].from) <= 200];
            """,
            0, true, 3, true);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_request_leads_from_its_end_to_its_begin_and_back()
    {
        await _page!.EvaluateAsync("async () => { const { Epoch } = await import('/timeline/time.js'); window.epoch = new Epoch(Date.parse('2026-11-22T10:00:00Z')); }");
        await ExpectAsync(
            "spans",
            """
            const event = (seq, us, name, req, latencyUs = null) => ({ seq, event: name, time: epoch.toIso(us), latencyUs, args: { vdev: 18446612682131111936n, req } });
            const begin = event(1, 1000, 'handle_read', 7);
            const end = event(4, 1500, 'complete', 7, 500.4);
            const others = [event(2, 1000, 'handle_read', 8), event(3, 1400, 'handle_read', 7), event(5, 1501, 'complete', 8, 501)];
            const all = [begin, end, ...others];
            return [m.beginOf(end, all, epoch).seq, m.endOf(begin, all, epoch).seq, m.endOf(others[1], all, epoch), m.beginOf(event(9, 9000, 'complete', 7, 500), all, epoch)];
            """,
            1, 4, null, null);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_address_brings_back_what_it_was_made_of_and_nonsense_in_it_changes_nothing()
    {
        await _page!.EvaluateAsync("async () => { const { Epoch } = await import('/timeline/time.js'); window.epoch = new Epoch(Date.parse('2026-11-22T10:00:00Z')); }");
        await ExpectAsync(
            "address",
            """
            const plain = m.readAddress('', epoch);
            const state = {
              ...plain, liveUs: null, filter: 'event ~ a* and x > 1 & y', mode: 'vcpu', search: 'blk', pins: new Set(['x86/a,b', 'state:arm']), closed: new Set(['host:ares']),
              opened: new Set(['x86/a']), selection: { from: 5.25, to: 12345678, ids: new Set(['x86/a']) }, markers: { a: 17, b: null }, isTable: true,
            };
            const text = m.writeAddress(state, { from: 1, to: 900 }, epoch);
            const back = m.readAddress(`?${text}`, epoch);
            const plainText = one => JSON.stringify(one, (_, value) => value instanceof Set ? [...value] : value);
            const wild = m.readAddress('?from=9&to=3&range=5y&tracks=moon&select=1-&a=x&b=99999999999999999&table', epoch);
            const live = m.readAddress(`?${m.writeAddress({ ...plain, liveUs: 73e6 }, { from: 0, to: 1 }, epoch)}`, epoch);
            return [
              plainText({ ...back, still: null }) === plainText({ ...state, still: null, selection: { ...state.selection, from: 5 } }), back.still.from, back.still.to, m.writeAddress(plain, { from: 0, to: 1 }, epoch), live.liveUs,
              plainText(wild) === plainText({ ...plain, isTable: true }),
            ];
            """,
            true, 1, 900, "", 73e6, true);
    }

    [Fact(Timeout = 120_000)]
    public Task The_run_state_follows_from_what_was_told() => ExpectAsync(
        "run-state",
        """
        let at = 0;
        const told = (kind, name, more = {}) => ({ kind, name, at: at += 10, text: '', data: null, ...more });
        const start = m.startingState([told('process', 'started')]);
        at = 0;
        const events = [
          told('qmp', 'STOP'), told('qmp', 'NIC_RX_FILTER_CHANGED'), told('qmp', 'RESUME'), told('connection', 'lost'), told('connection', 'connected'),
          told('connection', 'run-state', { text: 'QEMU says io-error; before it was running.' }), told('process', 'crashed'),
        ];
        const states = m.statesOf(events, start, 'running', 0, 100).map(one => `${one.state} ${one.from}-${one.to}`);
        const untold = m.statesOf([], { now: null, before: null }, 'paused', 0, 100).map(one => `${one.state} ${one.from}-${one.to}`);
        return [states.join(), untold.join(), m.statesOf([], { now: null, before: null }, null, 0, 100).length];
        """,
        "running 0-10,paused 10-30,running 30-40,not reachable 40-50,running 50-60,io-error 60-70,crashed 70-100", "paused 0-100", 0);

    [Fact(Timeout = 120_000)]
    public Task Rows_stand_by_host_and_vm_and_what_is_pinned_stays_on_top() => ExpectAsync(
        "rows",
        """
        const vms = [{ name: 'x86', host: 'ares', arch: 'x86_64' }, { name: 'arm', host: 'zeus', arch: 'aarch64' }];
        const tracks = new Map([['x86', [{ name: 'blk_read', isTimed: false }, { name: 'blk_done', isTimed: true }]]]);
        const layout = more => m.layoutOf({ vms, tracks, pins: new Set(), closed: new Set(), opened: new Set(), ...more });
        const ids = rows => rows.map(row => row.id).join(' ');
        const found = layout({ search: 'BLK x86', opened: new Set(['x86/blk_done']) }).scrolled.rows;
        const pinned = layout({ pins: new Set(['x86/blk_done', 'counter:arm/vm_cpu']), closed: new Set(['host:ares', 'vm:arm']) });
        return [
          ids(found), found.every((row, place) => place === 0 || row.y === found[place - 1].y + found[place - 1].height),
          ids(pinned.pinned.rows), ids(pinned.scrolled.rows), layout({ search: 'nothing' }).scrolled.rows.length, m.colourOf('blk_read') === m.colourOf('blk_read'),
        ];
        """,
        "host:ares vm:x86 x86/blk_read x86/blk_done latency:x86/blk_done", true, "x86/blk_done counter:arm/vm_cpu", "events: host:ares host:zeus vm:arm", 0, true);

    private async Task ExpectAsync(string module, string body, params object?[] expected)
    {
        var found = await _page!.EvaluateAsync<JsonElement>($"async () => {{ const m = await import('/timeline/{module}.js'); {body} }}");
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(found));
    }
}

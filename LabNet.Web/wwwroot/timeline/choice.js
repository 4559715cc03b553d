import { read, readPages } from './api.js';
import { button, make } from './dom.js';
import { beginOf, endOf } from './spans.js';

const listed = 200;
const pageEvents = 1000;
const endsWithinUs = [2e3, 50e3, 1e6]; // Where the end of a request is looked for, from near to far.
const exports = [['perfetto', 'Perfetto'], ['csv', 'CSV'], ['ndjson', 'NDJSON']];

// What was chosen, and what the drawer says of it.
export class Choice {
  event = null;
  #drawer;
  #epoch;
  #page;
  #asked = null;
  #fields = new Map();

  // `page` is { state(), trackOf(event), eventsOfTrack(vm, track), goTo(event), zoomTo(from, to), say(text) }.
  constructor(drawer, epoch, page) {
    [this.#drawer, this.#epoch, this.#page] = [drawer, epoch, page];
  }

  clear() {
    this.#asked?.abort();
    this.#asked = null;
    this.event = null;
    this.#drawer.close();
  }

  async showEvent(event) {
    const signal = this.#begin();
    this.event = event;
    const show = fields => this.#drawer.showEvent(event, this.#linksOf(event), fields);
    const key = `${event.vm}/${event.event}`;
    show(this.#fields.get(key));
    if (!this.#fields.has(key)) {
      try {
        const declared = await read(`vms/${encodeURIComponent(event.vm)}/trace-events/${encodeURIComponent(event.event)}`, {}, signal);
        this.#fields.set(key, declared.fields);
        show(declared.fields);
      } catch {
        // The VM is off, or QEMU does not know the event any more: then the values stand without their types.
      }
    }
  }

  showFlags(events) {
    this.#begin();
    const [from, to] = [Math.min(...events.map(one => one.since ?? one.at)), Math.max(...events.map(one => one.at))];
    const vms = new Set(events.filter(one => one.kind === 'snapshot' && one.vm).map(one => one.vm));
    const links = [...vms].map(vm => make('a', { class: 'button', href: `/vms/${encodeURIComponent(vm)}/snapshots` }, `Snapshots of ${vm}`));
    this.#drawer.showFlags(events, [button('Zoom to it', () => this.#page.zoomTo(from, to)), ...links]);
  }

  async showBin(hit) {
    const signal = this.#begin();
    const zoom = button('Zoom to it', () => this.#page.zoomTo(hit.from, hit.to));
    const show = events => this.#drawer.showBin(hit, events, event => this.#page.goTo(event), [zoom]);
    show(null);
    const { vm, track } = hit.row;
    const { mode, filter } = this.#page.state();
    const ofTrack = mode === 'event' ? { events: track, limit: listed } : { limit: pageEvents };
    const query = { vm, ...this.#range(hit.from, hit.to), ...ofTrack, ...(filter ? { filter } : {}) };
    try {
      const { items } = await read('trace', query, signal);
      show(items.filter(event => this.#page.trackOf(event) === track).slice(0, listed));
    } catch (error) {
      if (error.name !== 'AbortError') {
        show([]);
      }
    }
  }

  // Counts and latencies of what lies in the selected time, of the selected tracks.
  async showTotals(selection, vms) {
    const signal = this.#begin();
    const { from, to } = selection;
    const show = more => this.#drawer.showTotals({ from, to, rows: [], isLoading: false, tools: this.#totalsTools(selection, vms), ...more });
    show({ isLoading: true });
    try {
      const answers = await Promise.all(this.#questionsOf(selection, vms).map(query => read('trace/statistics', query, signal)));
      show({ rows: answers.flat().sort((a, b) => b.count - a.count) });
    } catch (error) {
      if (error.name !== 'AbortError') {
        show({ problem: error.message });
      }
    }
  }

  async goToBegin(event) {
    const at = this.#epoch.of(event.time) - event.latencyUs;
    const near = await this.#near(event.vm, at - 3, at + 4);
    this.#goOr(beginOf(event, near, this.#epoch), 'The begin of this request is not stored.');
  }

  async goToEnd(event) {
    const at = this.#epoch.of(event.time);
    let end = endOf(event, this.#page.eventsOfTrack(event.vm, null), this.#epoch);
    for (let place = 0; end === null && place < endsWithinUs.length; place++) {
      end = endOf(event, await this.#near(event.vm, at, at + endsWithinUs[place]), this.#epoch);
    }

    this.#goOr(end, 'No end of this request was found within a second.');
  }

  // Of the same track: the next event, or the one before.
  goToNeighbour(step) {
    if (this.event === null) {
      return;
    }

    const ordered = this.#page.eventsOfTrack(this.event.vm, this.#page.trackOf(this.event)).sort((a, b) => a.seq - b.seq);
    const next = ordered[ordered.findIndex(one => one.seq === this.event.seq) + step];
    if (next) {
      this.#page.goTo(next);
    }
  }

  #begin() {
    this.#asked?.abort();
    this.#asked = new AbortController();
    this.event = null;
    return this.#asked.signal;
  }

  async #near(vm, from, to) {
    try {
      return (await readPages('trace', { vm, ...this.#range(from, to), limit: pageEvents }, 3)).items;
    } catch {
      return [];
    }
  }

  #goOr(event, otherwise) {
    if (event !== null) {
      this.#page.goTo(event);
    } else {
      this.#page.say(otherwise);
    }
  }

  #linksOf(event) {
    return [
      button('‹ Before', () => this.goToNeighbour(-1), 'The event before, of the same track (,)'),
      button('Next ›', () => this.goToNeighbour(1), 'The next event of the same track (.)'),
      event.latencyUs === null ? button('Go to its end', () => this.goToEnd(event)) : button('Go to its begin', () => this.goToBegin(event)),
    ];
  }

  #questionsOf({ from, to, ids }, vms) {
    const { mode, filter } = this.#page.state();
    const common = { ...this.#range(from, to), ...(filter ? { filter } : {}) };
    if (ids === null) {
      return vms.map(vm => ({ vm, ...common }));
    }

    const namesOf = vm => [...ids].filter(id => id.startsWith(`${vm}/`)).map(id => id.slice(vm.length + 1));
    return vms.filter(vm => namesOf(vm).length > 0)
      .map(vm => mode === 'event' ? { vm, events: namesOf(vm).join(','), ...common } : { vm, ...common });
  }

  #totalsTools(selection, vms) {
    const questions = this.#questionsOf(selection, vms);
    const links = questions.length === 0 ? [] : exports.map(([format, title]) =>
      make('a', { class: 'button', download: '', href: exportAddress(questions, format), title: `Download these events as ${title}` }, title));
    return [button('Zoom to it', () => this.#page.zoomTo(selection.from, selection.to)), ...links];
  }

  #range(from, to) {
    return { from: this.#epoch.toIso(Math.floor(from)), to: this.#epoch.toIso(Math.ceil(to)) };
  }
}

// The questions differ in their VM and its events.
function exportAddress(questions, format) {
  const vm = questions.map(one => one.vm).join(',');
  const events = [...new Set(questions.flatMap(one => one.events?.split(',') ?? []))].join(',');
  return `/api/v1/trace/export?${new URLSearchParams({ ...questions[0], vm, ...(events ? { events } : {}), format })}`;
}

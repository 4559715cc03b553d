import { coverOf } from './bins.js';
import { planOf } from './view.js';

const settlesUs = 2e6; // A live view always waits for its newest moment.
const decades = 1e4; // Below the slowest; what is faster stands at the lower edge.

// All that one picture is drawn from, and that a pointer over it meets. Made anew for each picture; it reads, and changes nothing.
export class Frame {
  #sources;
  #outside = new Map();
  #gaps = new Map();
  #events = new Map();

  constructor(view, size, sources, now) {
    Object.assign(this, { view, now, widthCss: size.width, heightCss: size.height, dpr: size.dpr, width: Math.round(size.width * size.dpr) });
    this.#sources = sources;
    this.plan = planOf(view, size.width);
    this.cover = coverOf(view, sources.bins.windows, this.plan.binUs);
    this.colours = sources.colours;
  }

  get primary() {
    return this.cover.primary;
  }

  // Whether all that is in view and over is drawn from the bins that suit it.
  get isSettled() {
    return this.cover.open.every(one => one.from >= this.now - settlesUs)
      && this.cover.pieces.every(({ window }) => window.isComplete && window.plan.binUs === this.plan.binUs);
  }

  // Where the events of a VM are known one by one; null where only their number is.
  rawOf(vm) {
    return this.#sources.raw.windowOf(vm, this.view);
  }

  // What is left to be drawn as bins.
  piecesOf(vm) {
    if (!this.#outside.has(vm)) {
      const raw = this.rawOf(vm);
      this.#outside.set(vm, raw === null ? this.cover.pieces : this.cover.pieces.flatMap(piece => [
        { ...piece, to: Math.min(piece.to, raw.from) },
        { ...piece, from: Math.max(piece.from, raw.to) },
      ]).filter(piece => piece.to > piece.from));
    }

    return this.#outside.get(vm);
  }

  // The highest rate of a track, in events a microsecond.
  peakOf(row) {
    const key = `${row.vm}/${row.track}`;
    const own = this.primary?.tracks.get(key);
    return own ? own.peak / this.primary.binUs
      : this.cover.pieces.reduce((peak, { window }) => Math.max(peak, (window.tracks.get(key)?.peak ?? 0) / window.binUs), 0);
  }

  latencyScaleOf(row) {
    const key = `${row.vm}/${row.track}`;
    const peak = this.cover.pieces.reduce((most, { window }) => Math.max(most, window.tracks.get(key)?.latencyPeak ?? 0), 0);
    const high = 10 ** Math.ceil(Math.log10(Math.max(1, peak)) + 1e-9);
    return { low: high / decades, high, peak };
  }

  statesOf(vm) {
    return this.#sources.history.statesOf(vm);
  }

  // Of a VM; of the lab itself for null.
  eventsOf(vm) {
    return this.#ofVm(this.#events, vm, () => this.#sources.history.events.filter(event => event.vm === vm));
  }

  // What is missing in a row: also what the whole lab misses. Trace events go on while LabNet is away, and have gaps of their own.
  gapsOf({ vm, kind }) {
    const isGap = event => event.kind === 'gap' && (event.vm === vm || event.vm === null);
    const all = this.#ofVm(this.#gaps, vm, () => this.#sources.history.events.filter(isGap));
    const isTrace = kind === 'track' || kind === 'latency';
    return all.filter(event => (event.name === 'trace-events') === isTrace);
  }

  // Of a long stretch only the newest events were read.
  get hasAllEvents() {
    return this.#sources.history.isAll;
  }

  countersOf(vm) {
    return this.#sources.counters.of(vm);
  }

  #ofVm(known, vm, make) {
    if (!known.has(vm)) {
      known.set(vm, make());
    }

    return known.get(vm);
  }
}

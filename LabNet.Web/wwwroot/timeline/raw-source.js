import { readPages } from './api.js';
import { lanesMax } from './rows.js';
import { laidOut, spanOfEvent } from './spans.js';

const pageEvents = 1000;
const pagesMax = 3;
const windowsMax = 3; // Of each VM.

// Fewer than so many events of a VM are drawn one by one.
export const rawEventsMax = 2500;

// The events themselves, where there are few. What is here is whole: a stretch with more events than were read ends where they end.
class RawWindow {
  tracks;

  constructor(asked, from, events, epoch, trackOf) {
    Object.assign(this, { vm: asked.vm, asked, from, to: Math.min(asked.to, asked.at), events });
    const spans = Map.groupBy(events, trackOf);
    this.tracks = new Map([...spans].map(([name, ofTrack]) => [name, laidOut(ofTrack.map(event => spanOfEvent(event, epoch)), lanesMax)]));
  }
}

export class RawSource {
  #windows = new Map();
  #asked = new Map();
  #epoch;
  #onChange;
  #query = '';

  constructor(epoch, onChange) {
    this.#epoch = epoch;
    this.#onChange = onChange;
  }

  ask(query) {
    if (JSON.stringify(query) !== this.#query) {
      this.#query = JSON.stringify(query);
      this.#windows.clear();
      this.stop();
    }
  }

  // The window of a VM that shows the most of a view; null if it has none.
  windowOf(vm, view) {
    const overlap = window => Math.min(window.to, view.to) - Math.max(window.from, view.from);
    const best = (this.#windows.get(vm) ?? []).reduce((a, b) => a && overlap(a) >= overlap(b) ? a : b, null);
    return best && overlap(best) > 0 ? best : null;
  }

  // Reads a stretch around a view of a VM, unless what the view needs is here, not older than `notBefore`, or on its way.
  async want(vm, { view, plan, now, notBefore, filter, trackOf }) {
    const shows = one => one.from <= view.from && one.to >= view.to && one.at >= notBefore;
    if ((this.#windows.get(vm) ?? []).some(window => shows(window.asked)) || (this.#asked.has(vm) && shows(this.#asked.get(vm)))) {
      return;
    }

    this.#asked.get(vm)?.abort.abort();
    const asked = { vm, from: plan.from, to: plan.to, at: now, abort: new AbortController() };
    this.#asked.set(vm, asked);
    const query = { vm, from: this.#epoch.toIso(plan.from), to: this.#epoch.toIso(plan.to), limit: pageEvents, ...(filter ? { filter } : {}) };
    try {
      const { items, isAll } = await readPages('trace', query, pagesMax, asked.abort.signal);
      if (this.#asked.get(vm) === asked) {
        const from = isAll ? plan.from : this.#epoch.of(items.at(-1).time);
        const window = new RawWindow(asked, from, items, this.#epoch, trackOf);
        this.#windows.set(vm, [window, ...(this.#windows.get(vm) ?? [])].slice(0, windowsMax));
      }
    } catch {
      // The bins of the same stretch are on screen, and their request tells what is wrong.
    }

    if (this.#asked.get(vm) === asked) {
      this.#asked.delete(vm);
      this.#onChange();
    }
  }

  stop() {
    this.#asked.forEach(asked => asked.abort.abort());
    this.#asked.clear();
  }
}

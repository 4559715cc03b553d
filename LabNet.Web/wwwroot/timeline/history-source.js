import { readPages, read } from './api.js';
import { startingState, statesOf } from './run-state.js';

const pageEvents = 1000;
const pagesMax = 2;
const stateKinds = 'qmp,process,connection';
const stateEvents = 200;
const againUs = 1e6;

// What happened: QEMU's events, jobs, actions, gaps; and from them, in which state each VM was.
export class HistorySource {
  events = [];
  isAll = true;
  #vms;
  #epoch;
  #onChange;
  #window = null;
  #asked = null;

  constructor(vms, epoch, onChange) {
    this.#vms = vms;
    this.#epoch = epoch;
    this.#onChange = onChange;
  }

  // Stretches of one state each, oldest first.
  statesOf(vm) {
    return this.#window?.states.get(vm) ?? [];
  }

  async want(view, now, isLive) {
    const shows = window => window && window.from <= view.from && window.to >= Math.min(view.to, now)
      && (window.askedAt >= Math.min(view.to, now) || now - window.askedAt < againUs * (isLive ? 1 : 5));
    if (shows(this.#window) || shows(this.#asked)) {
      return;
    }

    this.stop();
    const span = view.to - view.from;
    const asked = { from: view.from - span, to: view.to + span, askedAt: now, abort: new AbortController() };
    this.#asked = asked;
    try {
      await this.#read(asked);
    } catch {
      // What is drawn stays; the request for the trace events tells what is wrong.
    }

    if (this.#asked === asked) {
      this.#asked = null;
      this.#onChange();
    }
  }

  stop() {
    this.#asked?.abort.abort();
    this.#asked = null;
  }

  async #read(asked) {
    const [from, to] = [this.#epoch.toIso(asked.from), this.#epoch.toIso(asked.to)];
    const signal = asked.abort.signal;
    const [found, before] = await Promise.all([
      readPages('events', { from, to, limit: pageEvents }, pagesMax, signal),
      Promise.all(this.#vms.map(vm => read('events', { vm: vm.name, kind: stateKinds, to: from, limit: stateEvents }, signal))),
    ]);
    if (this.#asked !== asked) {
      return;
    }

    const events = found.items.reverse().map(event => ({ ...event, at: this.#epoch.of(event.time), since: sinceOf(event, this.#epoch) }));
    const states = new Map(this.#vms.map((vm, place) => {
      const start = startingState(before[place].items.reverse());
      return [vm.name, statesOf(events.filter(event => event.vm === vm.name), start, vm.runState, asked.from, Math.min(asked.to, asked.askedAt))];
    }));
    this.#window = { ...asked, states };
    this.events = events;
    this.isAll = found.isAll;
  }
}

// From when something is missing; null for what happened at one time.
function sinceOf(event, epoch) {
  return event.kind === 'gap' && typeof event.data?.from === 'string' ? epoch.of(event.data.from) : null;
}

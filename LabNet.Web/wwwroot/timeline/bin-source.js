import { ApiProblem, readLines } from './api.js';
import { BinnedWindow } from './bins.js';

const windowsMax = 12;
const cellsMax = 2e6; // Of all windows kept: 64 MB at the most.
const settlesUs = 2e6; // What QEMU wrote is on its way for so long at the most.
const againUs = 1e6;

// The binned windows that were read last; one request at a time, that for what is on screen.
export class BinSource {
  windows = [];
  problem = null;
  #epoch;
  #onChange;
  #query = null;
  #asked = null;

  constructor(epoch, onChange) {
    this.#epoch = epoch;
    this.#onChange = onChange;
  }

  get isLoading() {
    return this.#asked !== null;
  }

  // How much of the running request is answered, from 0 to 1.
  get searched() {
    return this.#asked?.window.searched ?? 1;
  }

  // Whether something of a view may still have been on its way.
  isUnsettled(view) {
    const newest = this.windows.reduce((a, b) => a && a.askedAt > b.askedAt ? a : b, null);
    return newest !== null && newest.settledTo < Math.min(view.to, newest.askedAt);
  }

  // Another question makes what was read worthless.
  ask(query) {
    if (JSON.stringify(query) !== JSON.stringify(this.#query)) {
      this.#query = query;
      this.windows = [];
      this.problem = null;
      this.stop();
    }
  }

  // Reads what a view needs, if that is neither here nor on its way.
  want(view, plan, now, isLive) {
    if (this.#query.vms.length === 0 || this.problem?.isOfFilter || (this.#asked && this.#suits(this.#asked.window, view, plan, now))) {
      return;
    }

    const known = this.windows.find(window => window.isComplete && this.#suits(window, view, plan, now));
    const isOld = known && Math.min(view.to, now) > known.settledTo && now - known.askedAt > againUs;
    if (known && !isLive && !isOld) {
      known.at = performance.now();
      this.stop();
      return;
    }

    this.stop();
    this.#read(plan, now);
  }

  stop() {
    this.#asked?.abort.abort();
    this.#asked = null;
  }

  async #read(plan, now) {
    const window = Object.assign(new BinnedWindow(plan, now), { at: performance.now(), settledTo: now - settlesUs });
    const asked = { window, abort: new AbortController() };
    this.#asked = asked;
    const { vms, mode, filter } = this.#query;
    const query = { vm: vms.join(','), from: this.#epoch.toIso(plan.from), to: this.#epoch.toIso(plan.to), bins: plan.bins + 1, tracks: mode };
    try {
      for await (const part of readLines('trace/timeline', filter ? { ...query, filter } : query, asked.abort.signal)) {
        if (this.#asked !== asked) {
          return;
        }

        if (window.searched === 0) {
          this.windows.push(window);
        }

        window.add(part, this.#epoch);
        this.problem = null;
        this.#onChange();
      }

      if (!window.isComplete) {
        throw new ApiProblem(0, { detail: 'The answer broke off.' });
      }
    } catch (error) {
      if (error.name !== 'AbortError' && this.#asked === asked) {
        this.problem = error;
      }
    }

    if (this.#asked === asked) {
      this.#asked = null;
      this.#drop(window);
      this.#onChange();
    }
  }

  #suits(window, view, plan, now) {
    const until = window.isComplete ? Math.min(window.to, window.knownTo + againUs) : window.to;
    return window.plan.binUs === plan.binUs && window.from <= view.from && until >= Math.min(view.to, now);
  }

  // What the newest window has better, and what was not used for longest.
  #drop(newest) {
    this.windows = this.windows
      .filter(one => one === newest || !newest.isComplete || one.plan.binUs !== newest.plan.binUs || one.from < newest.from || one.knownTo > newest.knownTo)
      .sort((a, b) => b.at - a.at);
    let cells = 0;
    this.windows = this.windows.filter((one, place) => (cells += one.cells) <= cellsMax && place < windowsMax || place === 0);
  }
}

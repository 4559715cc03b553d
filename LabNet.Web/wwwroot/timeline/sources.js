import { BinSource } from './bin-source.js';
import { coverOf } from './bins.js';
import { CounterSource } from './counter-source.js';
import { HistorySource } from './history-source.js';
import { RawSource, rawEventsMax } from './raw-source.js';
import { countOfVm, totalsOf } from './totals.js';
import { planOf } from './view.js';

const soonMs = 50; // Behind a movement.
const apartMs = 100; // Within a long one: LabNet goes on for a moment with what was given up.
const againMs = 2000; // Behind a failure.
const liveMs = [250, 10000];
const rawAgainUs = 1e6;
const stepsOfLive = 300; // A live view is read anew when it moved by so many parts of itself.

// All that is read for the page, in one place that says when.
export class Sources {
  isKnown = false; // Whether there was any answer yet.
  #onChange;
  #tracks = new Map();
  #question = '';
  #timer = 0;
  #soonAt = 0;
  #again = 0;
  #liveAt = 0;
  #knownOf = '';
  #wish = null;

  constructor(vms, epoch, colours, onChange) {
    Object.assign(this, { vms, colours });
    this.#onChange = onChange;
    const changed = () => this.#onChange();
    this.bins = new BinSource(epoch, () => this.#takeBins());
    this.raw = new RawSource(epoch, changed);
    this.history = new HistorySource(vms, epoch, changed);
    this.counters = new CounterSource(epoch, changed);
  }

  stop() {
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
    [this.bins, this.raw, this.history, this.counters].forEach(source => source.stop());
  }

  // The name of the track that an event is on, as the API calls it.
  trackOf(event, mode) {
    switch (mode) {
      case 'event':
        return event.event;
      case 'vcpu':
        return event.vcpu === null ? "QEMU's own threads" : `vCPU ${event.vcpu}`;
      case 'thread':
        return event.vcpu === null ? `thread ${event.thread ?? 0}` : `vCPU ${event.vcpu}`;
      default:
        return event.args.device ?? 'no device';
    }
  }

  // By VM, in the order of their names. What was seen once stays, so that rows do not jump while one moves.
  get tracks() {
    const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });
    return new Map([...this.#tracks].map(([vm, tracks]) => [vm, [...tracks.values()].sort(byName)]));
  }

  // After a movement, and during a long one; `wishOf` tells then what is looked at.
  wantSoon(wishOf) {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#soonAt = performance.now();
      this.#want(wishOf(), false);
    }, Math.max(soonMs, this.#soonAt + apartMs - performance.now()));
  }

  wantLive(wish) {
    const now = performance.now();
    const everyMs = this.bins.problem ? againMs : Math.min(Math.max(wish.state.liveUs / 1000 / stepsOfLive, liveMs[0]), liveMs[1]);
    if (now - this.#liveAt >= everyMs && !this.bins.isLoading) {
      this.#liveAt = now;
      this.#want(wish, true);
    }
  }

  #want(wish, isLive) {
    const { state, view, width, now } = wish;
    this.#wish = { ...wish, isLive };
    const question = { vms: this.vms.map(vm => vm.name), mode: state.mode, filter: state.filter };
    this.#question = JSON.stringify(question);
    const plan = planOf(view, width);
    this.bins.ask(question);
    this.raw.ask(question);
    this.bins.want(view, plan, now, isLive);
    this.#wantRaw();
    this.history.want(view, now, isLive);
    this.vms.filter(vm => !state.closed.has(`vm:${vm.name}`)).forEach(vm => this.counters.want(vm.name, view, now, isLive));
  }

  #takeBins() {
    this.isKnown = true;
    if (this.bins.windows.length > 0 && this.#knownOf !== this.#question) {
      this.#knownOf = this.#question;
      this.#tracks.clear();
    }

    for (const window of this.bins.windows) {
      for (const track of window.tracks.values()) {
        this.#know(track);
      }
    }

    this.#wantRaw();
    this.#readAgain();
    this.#onChange();
  }

  // After a failure, and when the end of a view that stands still was read too soon to be whole.
  #readAgain() {
    clearTimeout(this.#again);
    const { problem, isLoading } = this.bins;
    if (problem ? !problem.isOfFilter : !isLoading && !this.#wish.isLive && this.bins.isUnsettled(this.#wish.view)) {
      this.#again = setTimeout(() => this.#want({ ...this.#wish, now: this.#wish.now + againMs * 1000 }, this.#wish.isLive), againMs);
    }
  }

  #know(track) {
    if (!this.#tracks.has(track.vm)) {
      this.#tracks.set(track.vm, new Map());
    }

    const known = this.#tracks.get(track.vm);
    const isTimed = track.latencies > 0 || known.get(track.name)?.isTimed === true;
    if (known.get(track.name)?.isTimed !== isTimed) {
      known.set(track.name, { name: track.name, isTimed });
    }
  }

  // Single events of the VMs that have few of them in view.
  #wantRaw() {
    const { state, view, width, now, isLive } = this.#wish;
    const plan = planOf(view, width);
    const cover = coverOf({ from: Math.max(plan.from, view.from), to: Math.min(view.to, now) }, this.bins.windows, plan.binUs);
    if (cover.open.some(one => one.to < now - 2e6) || !cover.primary?.isComplete) {
      return;
    }

    const totals = totalsOf(cover.pieces, view.from, view.to);
    for (const vm of this.vms) {
      const count = countOfVm(totals, vm.name);
      const inPlan = count * (plan.to - plan.from) / (view.to - view.from);
      if (count > 0 && inPlan <= rawEventsMax) {
        const notBefore = isLive ? now - rawAgainUs : Math.min(view.to, now - rawAgainUs);
        this.raw.want(vm.name, { view, plan, now, notBefore, filter: state.filter, trackOf: event => this.trackOf(event, state.mode) });
      }
    }
  }
}

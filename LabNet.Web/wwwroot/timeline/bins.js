// Counts and latencies of a stretch of time, a column for each of its bins, as the API tells them part by part.
const keyOf = (vm, name) => `${vm}/${name}`;

class Track {
  events = 0;
  latencies = 0;
  latencySum = null;
  latencyCount = null;
  latencyMax = null;

  constructor(vm, name, bins) {
    this.vm = vm;
    this.name = name;
    this.key = keyOf(vm, name);
    this.count = new Float64Array(bins);
    this.peak = 0;
    this.latencyPeak = 0;
  }

  add(part) {
    this.events += part.events;
    part.bin.forEach((bin, place) => {
      if (bin < 0 || bin >= this.count.length) {
        return;
      }

      this.count[bin] += part.count[place];
      this.peak = Math.max(this.peak, this.count[bin]);
      const timed = part.latencyCount?.[place] ?? 0;
      if (timed > 0) {
        this.#addLatency(bin, timed, part.latencyMeanUs[place], part.latencyMaxUs[place]);
      }
    });
  }

  #addLatency(bin, timed, mean, max) {
    if (!this.latencyCount) {
      [this.latencyCount, this.latencySum, this.latencyMax] = [0, 0, 0].map(() => new Float64Array(this.count.length));
    }

    this.latencies += timed;
    this.latencyCount[bin] += timed;
    this.latencySum[bin] += mean * timed;
    this.latencyMax[bin] = Math.max(this.latencyMax[bin], max);
    this.latencyPeak = Math.max(this.latencyPeak, max);
  }
}

export class BinnedWindow {
  tracks = new Map();
  searched = 0;
  isComplete = false;
  #earliest;

  // `plan` is what was asked for, at `askedAt`: nothing of later times was there. The bins are those of the answer, which has its own widths.
  constructor(plan, askedAt) {
    Object.assign(this, { plan, askedAt, from: plan.from, to: plan.to, binUs: plan.binUs, bins: plan.bins, knownTo: Math.min(plan.to, askedAt) });
    this.#earliest = plan.bins;
  }

  // One line of the answer: what later lines tell comes on top.
  add(part, epoch) {
    if (this.searched === 0) {
      this.#divide(part, epoch);
    }

    for (const one of part.tracks) {
      const key = keyOf(one.vm, one.track);
      if (!this.tracks.has(key)) {
        this.tracks.set(key, new Track(one.vm, one.track, this.bins));
      }

      this.tracks.get(key).add(one);
      this.#earliest = Math.min(this.#earliest, one.bin[0] ?? this.#earliest);
    }

    this.searched = Math.max(this.searched, part.searched);
    this.isComplete ||= part.complete;
  }

  // The newest part is told first: before the earliest bin that was told nothing is known yet.
  get knownFrom() {
    return this.isComplete ? this.from : this.from + this.#earliest * this.binUs;
  }

  #divide({ binNs, bins }, epoch) {
    this.from = epoch.multipleBefore(this.plan.from, binNs);
    this.binUs = binNs / 1000;
    this.bins = bins;
    this.to = this.from + bins * this.binUs;
    this.#earliest = bins;
  }

  get cells() {
    return this.tracks.size * this.bins;
  }

  // The bins whose middle lies in a stretch: so that of two stretches side by side each bin belongs to one.
  middlesIn(from, to) {
    return [Math.max(0, Math.ceil((from - this.from) / this.binUs - 0.5)), Math.min(this.bins, Math.ceil((to - this.from) / this.binUs - 0.5)) - 1];
  }

  // The bins that a stretch touches, both included.
  placesOf(from, to) {
    return [Math.max(0, Math.floor((from - this.from) / this.binUs)), Math.min(this.bins - 1, Math.ceil((to - this.from) / this.binUs) - 1)];
  }
}

// What a track has between two times, as exactly as bins can tell.
export function totalOf(window, track, from, to) {
  const total = { count: 0, timed: 0, meanUs: null, maxUs: null };
  const [first, last] = window.middlesIn(from, to);
  let sum = 0;
  for (let bin = first; bin <= last; bin++) {
    total.count += track.count[bin];
    if (track.latencyCount?.[bin] > 0) {
      total.timed += track.latencyCount[bin];
      sum += track.latencySum[bin];
      total.maxUs = Math.max(total.maxUs ?? 0, track.latencyMax[bin]);
    }
  }

  total.meanUs = total.timed > 0 ? sum / total.timed : null;
  return total;
}

// Which windows to draw a view from: each stretch from the one whose bins suit best, and no stretch twice.
export function coverOf(view, windows, wishedBinUs) {
  const pieces = [];
  let primary = null;
  let open = [{ from: view.from, to: view.to }];
  const misfit = window => Math.abs(Math.log(window.plan.binUs / wishedBinUs));
  for (const window of [...windows].sort((a, b) => misfit(a) - misfit(b) || b.at - a.at)) {
    const left = [];
    for (const stretch of open) {
      const from = Math.max(stretch.from, window.knownFrom);
      const to = Math.min(stretch.to, window.knownTo);
      if (from >= to) {
        left.push(stretch);
        continue;
      }

      primary ??= window;
      pieces.push({ from, to, window });
      left.push(...[{ from: stretch.from, to: from }, { from: to, to: stretch.to }].filter(rest => rest.to > rest.from));
    }

    open = left;
  }

  return { primary, pieces: pieces.sort((a, b) => a.from - b.from), open };
}

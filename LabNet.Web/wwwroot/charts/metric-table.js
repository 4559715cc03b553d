// A chart's data, without the chart.
const gapAtLeastMs = 3500; // Three samples and a half at one a second.
const staleMs = 31000; // What the guest tells comes every ten seconds.

// A VM's values: a column of times, and for each series a column beside it. `undefined` says that this sample does not have it, `null` that
// there is a hole (uPlot's own meaning of the two).
export class MetricTable {
  times = [];
  columns = new Map();
  #lastSeen = new Map();
  #resolutionMs = 0;
  #counts = null; // Of the last bin, how many values each series has in it, if it began here and not in the history.

  static of(series) {
    const table = new MetricTable();
    const times = [...new Set(series.flatMap(one => one.tMs))].sort((a, b) => a - b);
    table.times = times;
    const places = new Map(times.map((time, place) => [time, place]));
    for (const one of series) {
      const column = table.#columnOf(one.name, one.unit);
      const gapMs = Math.max(gapAtLeastMs, 2.5 * one.resolutionMs, medianStep(one.tMs) * 3.5);
      const freshMs = Math.max(staleMs, gapMs);
      table.#resolutionMs = Math.max(table.#resolutionMs, one.resolutionMs);
      for (let i = 0; i < one.tMs.length; i++) {
        const place = places.get(one.tMs[i]);
        [column.mean[place], column.low[place], column.high[place]] = [one.v[i], one.min[i], one.max[i]];
        column.hasBand ||= one.min[i] !== one.max[i];
        const step = one.tMs[i] - one.tMs[i - 1]; // Not a number for the first one.
        if (step > freshMs || (step > gapMs && table.#isSilentBetween(places.get(one.tMs[i - 1]), place, gapMs))) {
          column.holes.push(place);
        }
      }

      if (one.tMs.length > 0) {
        table.#lastSeen.set(one.name, one.tMs.at(-1));
      }
    }

    table.#cutHoles();
    return table;
  }

  // What is measured seldom is not missing while the rest goes on: what the guest tells comes each ten seconds, or each two while somebody looks.
  #isSilentBetween(from, to, gapMs) {
    for (let place = from; place < to; place++) {
      if (this.times[place + 1] - this.times[place] > gapMs) {
        return true;
      }
    }

    return false;
  }

  // Within a hole every sample between must be null, and there must be one.
  #cutHoles() {
    const cuts = new Set();
    for (const column of this.columns.values()) {
      column.holes.forEach(place => cuts.add(place));
    }

    const places = [...cuts].sort((a, b) => b - a);
    for (const place of places) {
      const time = this.times[place] - 1;
      if (this.times[place - 1] === time) {
        continue;
      }

      this.times.splice(place, 0, time);
      for (const column of this.columns.values()) {
        const value = column.holes.includes(place) ? null : undefined;
        [column.mean, column.low, column.high].forEach(values => values.splice(place, 0, value));
      }
    }

    for (const column of this.columns.values()) {
      column.holes = [];
    }
  }

  #columnOf(name, unit) {
    let column = this.columns.get(name);
    if (!column) {
      const blank = () => new Array(this.times.length).fill(undefined);
      column = { name, unit, mean: blank(), low: blank(), high: blank(), hasBand: false, holes: [] };
      this.columns.set(name, column);
    }

    return column;
  }

  // A sample; behind bins it goes into a bin too, or one vCPU's busy moment would stand beside the means of minutes.
  add(sampled, names, values) {
    const time = this.#resolutionMs > 0 ? sampled - (sampled % this.#resolutionMs) : sampled;
    const last = this.times.at(-1) ?? -Infinity;
    if (time === last && this.#counts) {
      this.#addToLast(names, values);
      return;
    }

    if (time <= last) {
      return; // Read from the history already.
    }

    if (time - last > Math.max(gapAtLeastMs, 2.5 * this.#resolutionMs) && this.times.length > 0) {
      this.#push(last + 1, () => null);
    }

    const known = new Map();
    this.#counts = new Map();
    names.forEach((name, place) => {
      if (values[place] !== null) {
        known.set(name, values[place]);
        this.#counts.set(name, 1);
        this.#columnOf(name, null);
      }
    });
    this.#push(time, name => {
      if (known.has(name)) {
        this.#lastSeen.set(name, time);
        return known.get(name);
      }

      return time - (this.#lastSeen.get(name) ?? -Infinity) > this.freshMs ? null : undefined;
    });
  }

  #addToLast(names, values) {
    const place = this.times.length - 1;
    names.forEach((name, index) => {
      const value = values[index];
      if (value === null) {
        return;
      }

      const column = this.#columnOf(name, null);
      const count = this.#counts.get(name) ?? 0;
      this.#counts.set(name, count + 1);
      this.#lastSeen.set(name, this.times[place]);
      column.mean[place] = count === 0 ? value : column.mean[place] + (value - column.mean[place]) / (count + 1);
      column.low[place] = count === 0 ? value : Math.min(column.low[place], value);
      column.high[place] = count === 0 ? value : Math.max(column.high[place], value);
      column.hasBand ||= column.low[place] !== column.high[place];
    });
  }

  // What came live while the history was read.
  addNewer(other) {
    const last = this.times.at(-1) ?? -Infinity;
    for (let place = 0; place < other.times.length; place++) {
      if (other.times[place] > last) {
        const names = [...other.columns.keys()].filter(name => other.columns.get(name).mean[place] != null);
        this.add(other.times[place], names, names.map(name => other.columns.get(name).mean[place]));
      }
    }
  }

  #push(time, valueOf) {
    this.times.push(time);
    for (const column of this.columns.values()) {
      const value = valueOf(column.name);
      column.mean.push(value);
      column.low.push(value);
      column.high.push(value);
    }
  }

  // How long the newest value of a series is the present one.
  get freshMs() {
    return Math.max(staleMs, 2.5 * this.#resolutionMs);
  }

  // Now and then, not at each sample: moving an array costs its length.
  trim(from) {
    const keep = this.times.findIndex(time => time >= from);
    if (keep > 200 || (keep < 0 && this.times.length > 200)) {
      const gone = keep < 0 ? this.times.length : keep - 1;
      this.times.splice(0, gone);
      for (const column of this.columns.values()) {
        [column.mean, column.low, column.high].forEach(values => values.splice(0, gone));
      }
    }
  }
}

function medianStep(times) {
  const steps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  return steps.length === 0 ? 0 : steps[steps.length >> 1];
}

import { read } from './api.js';
import { MetricTable } from '../charts/metric-table.js';

const points = 800;
const againUs = 2e6;

// Few, so that they stay readable under the trace events; all others are on the VM's page.
export const counters = [
  { metric: 'vm_cpu', title: 'CPU', unit: 'cores', atLeast: 1 },
  { metric: 'vm_block_read', title: 'Disk read', unit: 'B/s', atLeast: 1 << 20 },
  { metric: 'vm_block_written', title: 'Disk written', unit: 'B/s', atLeast: 1 << 20 },
  { metric: 'vm_nic_received', title: 'Network received', unit: 'B/s', atLeast: 1 << 10 },
];

// All series of a metric as one: a value at each time, NaN where there is none.
export function summed(table, metric) {
  const columns = [...table.columns.values()].filter(column => column.name.split('{', 1)[0] === metric);
  const latest = columns.map(() => null);
  const values = Float64Array.from(table.times, (_, place) => {
    columns.forEach((column, which) => {
      const value = column.mean[place];
      latest[which] = value === undefined ? latest[which] : value;
    });
    const known = latest.filter(value => value !== null);
    return known.length === 0 ? NaN : known.reduce((a, b) => a + b, 0);
  });
  return { values, peak: values.reduce((a, b) => b > a ? b : a, 0), isThere: columns.length > 0 };
}

export class CounterSource {
  #epoch;
  #onChange;
  #windows = new Map();
  #asked = new Map();

  constructor(epoch, onChange) {
    this.#epoch = epoch;
    this.#onChange = onChange;
  }

  // { times, series: by metric }; null before anything is known.
  of(vm) {
    return this.#windows.get(vm) ?? null;
  }

  async want(vm, view, now, isLive) {
    const shows = window => window && window.from <= view.from && window.to >= Math.min(view.to, now)
      && window.binUs * 4 > (view.to - view.from) / points
      && window.span <= 6 * (view.to - view.from)
      && (window.askedAt >= Math.min(view.to, now) || now - window.askedAt < againUs * (isLive ? 1 : 5));
    if (shows(this.#windows.get(vm)) || shows(this.#asked.get(vm))) {
      return;
    }

    this.#asked.get(vm)?.abort.abort();
    const span = view.to - view.from;
    const stretch = { from: view.from - span / 2, to: view.to + span / 2, span: span * 2, binUs: span * 2 / points };
    const asked = { ...stretch, askedAt: now, abort: new AbortController() };
    this.#asked.set(vm, asked);
    try {
      const window = await this.#read(vm, asked);
      if (this.#asked.get(vm) === asked) {
        this.#windows.set(vm, window);
      }
    } catch {
      // What is drawn stays.
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

  async #read(vm, asked) {
    const to = Math.max(asked.from + 1e6, Math.min(asked.to, asked.askedAt));
    const query = new URLSearchParams({ from: this.#epoch.toIso(asked.from), to: this.#epoch.toIso(to), points, bands: 'true', times: 'unix' });
    counters.forEach(counter => query.append('names', counter.metric));
    const answer = await read(`vms/${encodeURIComponent(vm)}/metrics`, query, asked.abort.signal);
    const table = MetricTable.of(answer.series);
    return {
      ...asked,
      times: table.times.map(ms => this.#epoch.ofMs(ms)),
      series: new Map(counters.map(counter => [counter.metric, summed(table, counter.metric)])),
    };
  }
}

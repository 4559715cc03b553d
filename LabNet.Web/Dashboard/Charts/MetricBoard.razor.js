import '../../lib/signalr.js'; // Sets window.signalR.
import { MetricTable } from '../../charts/metric-table.js';
import { MetricChart } from './MetricChart.razor.js';
import { EventMarks } from '../../charts/event-marks.js';

const retryMs = 1000;
const readAgainMs = 5000; // After an answer that was none.
const frameMs = 33;
const pointsWanted = 600;
const stepsWanted = 2000; // In which a live window moves its own width: a third of a pixel each.
const followsFinelyMs = 15 * 60 * 1000; // A longer window gains nothing from each sample: it is read again now and then.
const silentMs = 5000;
const presentMs = 10000; // As the API has it: an older sample is the last one of a VM that is not measured any more.
const setBackMs = 1000; // Samples come in order: one that is older than the one before tells that the clock was set.

// What a page's charts have in common: one connection to the hub, one table of values for each VM, one range of time.
class MetricBoard {
  #charts;
  #dotnet;
  #fast;
  #range;
  #tables = new Map();
  #early = new Map(); // What comes live before the history has answered.
  #marks = new Map();
  #names = new Map();
  #toldAt = new Map(); // By VM: the time of the newest message.
  #clockMs = 0; // The server's clock minus this browser's.
  #connection;
  #closed = false;
  #loading = 0;
  #isLoading = false;
  #loadedAt = 0;
  #readAgainAt = Infinity;
  #heardAt = 0;
  #frame = 0;
  #drawnAt = 0;
  #dirty = true;
  #onVisible = () => this.#wake();

  constructor(root, specs, range, fast, dotnet) {
    this.#fast = fast;
    this.#dotnet = dotnet;
    this.#range = range;
    const places = root.querySelectorAll('[data-chart]');
    this.#charts = specs.map((spec, index) => new MetricChart(places[index], spec, (from, to) => this.#zoom(from, to)));
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#run();
    this.#frame = requestAnimationFrame(now => this.#tick(now));
  }

  setRange(range) {
    this.#range = range;
    this.#tables.clear();
    this.#early.clear();
    this.#marks.clear();
    this.#load();
  }

  close() {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#onVisible);
    cancelAnimationFrame(this.#frame);
    this.#connection?.stop();
    this.#charts.forEach(chart => chart.close());
  }

  get #vms() {
    return [...new Set(this.#charts.map(chart => chart.spec.vm))];
  }

  #metricsOf(vm) {
    return [...new Set(this.#charts.filter(chart => chart.spec.vm === vm).flatMap(chart => chart.spec.metrics))];
  }

  get #window() {
    if (this.#range.liveMs === null) {
      return [this.#range.fromMs, this.#range.toMs];
    }

    const now = Date.now() + this.#clockMs;
    return [now - this.#range.liveMs, now];
  }

  // Live values come from here; they are put behind what is read after them, so that between the two there is neither a hole nor a step.
  async #run() {
    while (!this.#closed) {
      try {
        await this.#follow();
      } catch {
        // The server is gone, or the login has ended; the layout says so. What was measured may still be had.
        this.#load();
      }

      if (!this.#closed) {
        await new Promise(resolve => setTimeout(resolve, retryMs));
      }
    }
  }

  async #follow() {
    const connection = new signalR.HubConnectionBuilder()
      .withUrl('/hubs/lab', { skipNegotiation: true, transport: signalR.HttpTransportType.WebSockets })
      .configureLogging(signalR.LogLevel.None)
      .build();
    this.#connection = connection;
    this.#toldAt.clear();
    await connection.start();
    if (this.#closed) {
      return connection.stop();
    }

    const metrics = [...new Set(this.#vms.flatMap(vm => this.#metricsOf(vm)))];
    const kinds = ['metrics', 'gap', ...(this.#fast ? ['event', 'qmpEvent'] : [])];
    const ended = new Promise(resolve => connection.onclose(resolve));
    connection.stream('Watch', { vms: this.#vms, kinds, metrics, fast: this.#fast }).subscribe({
      next: message => this.#take(message),
      error: () => connection.stop(),
      complete: () => connection.stop(),
    });
    this.#load();
    await ended;
  }

  #take(message) {
    this.#heardAt = performance.now();
    if (message.kind === 'gap') {
      // This browser was too slow, or asleep: the history has what it missed. Gap upon gap must not keep an answer from being drawn.
      this.#readAgainAt = 0;
      return;
    }

    if (message.event) {
      this.#marks.get(message.vm)?.add(message.event);
      this.#dirty = true;
      return;
    }

    if (message.names) {
      this.#names.set(message.vm, message.names);
    }

    const time = Date.parse(message.time);
    if (message.missing && time > Date.now() + this.#clockMs - presentMs) {
      this.#tellMissing(message.vm, message.missing);
    }

    if (this.#range.liveMs === null) {
      return;
    }

    if (time < this.#toldAt.get(message.vm) - setBackMs) {
      // What is drawn lies in the future now, and nothing would go behind it.
      this.#tables.delete(message.vm);
      this.#early.delete(message.vm);
      this.#load();
    }

    this.#toldAt.set(message.vm, time);
    const table = this.#liveTable(message.vm);
    table.add(time, this.#names.get(message.vm) ?? [], message.values);
    table.trim(this.#window[0]);
    this.#dirty = true;
  }

  // What cannot be had now says nothing of a time in the past.
  #tellMissing(vm, missing) {
    const why = this.#range.liveMs === null ? {} : missing;
    this.#charts.filter(chart => chart.spec.vm === vm).forEach(chart => chart.tellMissing(why));
  }

  #liveTable(vm) {
    if (!this.#tables.has(vm) && !this.#early.has(vm)) {
      this.#early.set(vm, new MetricTable());
    }

    return this.#tables.get(vm) ?? this.#early.get(vm);
  }

  async #load() {
    const version = ++this.#loading;
    this.#isLoading = true;
    this.#loadedAt = performance.now();
    this.#readAgainAt = Infinity;
    const answers = await Promise.all(this.#vms.map(vm => this.#read(vm)));
    if (this.#closed || version !== this.#loading) {
      return;
    }

    this.#isLoading = false;
    for (const [vm, table, marks] of answers) {
      if (!table) {
        this.#readAgainAt = performance.now() + readAgainMs;
        continue;
      }

      if (this.#range.liveMs !== null) {
        table.addNewer(this.#liveTable(vm));
      }

      this.#early.delete(vm);
      this.#tables.set(vm, table);
      this.#marks.set(vm, marks.with(this.#marks.get(vm)));
    }

    this.#dirty = true;
  }

  async #read(vm) {
    const query = new URLSearchParams({ points: pointsWanted, bands: 'true', times: 'unix' });
    this.#metricsOf(vm).forEach(name => query.append('names', name));
    if (this.#range.liveMs === null) {
      query.set('from', new Date(this.#range.fromMs).toISOString());
      query.set('to', new Date(this.#range.toMs).toISOString());
    } else {
      query.set('seconds', this.#range.liveMs / 1000);
    }

    const charts = this.#charts.filter(chart => chart.spec.vm === vm);
    try {
      const answer = await fetch(`/api/v1/vms/${encodeURIComponent(vm)}/metrics?${query}`, { headers: { accept: 'application/json' } });
      const body = await answer.json();
      if (!answer.ok) {
        charts.forEach(chart => chart.tellProblem(body.detail ?? answer.statusText));
        return [vm, null];
      }

      charts.forEach(chart => chart.tellProblem(null));
      this.#tellMissing(vm, body.missing);
      if (this.#range.liveMs !== null) {
        this.#clockMs = Date.parse(body.to) - Date.now();
      }

      const table = MetricTable.of(body.series);
      const marks = this.#fast ? await EventMarks.read(vm, Date.parse(body.from), Date.parse(body.to), this.#range.liveMs === null) : new EventMarks();
      return [vm, table, marks];
    } catch {
      charts.forEach(chart => chart.tellProblem('LabNet does not answer.'));
      return [vm, null];
    }
  }

  #tick(now) {
    this.#frame = requestAnimationFrame(next => this.#tick(next));
    if (now - this.#drawnAt < frameMs || this.#charts.some(chart => chart.isDragged)) {
      return;
    }

    if (now > this.#readAgainAt && !this.#isLoading) {
      this.#load();
    }

    const [from, to] = this.#window;
    const isLive = this.#range.liveMs !== null;
    const movesEachMs = isLive ? Math.max(frameMs, this.#range.liveMs / stepsWanted) : Infinity;
    if (!this.#dirty && now - this.#drawnAt < movesEachMs) {
      return;
    }

    if (isLive && this.#range.liveMs > followsFinelyMs && now - this.#loadedAt > Math.max(10000, this.#range.liveMs / pointsWanted)) {
      this.#load();
    }

    this.#dirty = false;
    this.#drawnAt = now;
    this.#charts.forEach(chart => {
      const table = this.#tables.get(chart.spec.vm);
      if (table) {
        chart.draw(table, from, to, this.#marks.get(chart.spec.vm));
      }
    });
  }

  #wake() {
    if (document.visibilityState === 'visible' && performance.now() - this.#heardAt > silentMs) {
      this.#load();
    }
  }

  #zoom(from, to) {
    this.#dotnet.invokeMethodAsync('Zoom', from, to).catch(() => { /* The circuit is gone; the layout says so. */ });
  }
}

export function open(root, specs, range, fast, dotnet) {
  return new MetricBoard(root, specs, range, fast, dotnet);
}

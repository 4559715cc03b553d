import uPlot from '../../lib/uplot.js';
import { Colours } from '../../charts/colours.js';
import { format } from '../../charts/units.js';

const seriesColours = 8;
const dashes = [undefined, [7, 3], [2, 3]]; // Each time that the colours begin anew.
const binary = Array.from({ length: 50 }, (_, power) => 2 ** power); // Steps of an axis in bytes: 256 MiB and not 239.
const markReach = 6; // Pixels from the cursor to an event that is told.
const minuteMs = 60 * 1000;
const dayMs = 24 * 60 * minuteMs;

const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const ofAxis = options => new Intl.DateTimeFormat(undefined, { hourCycle: 'h23', ...options });
const axisSeconds = ofAxis({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const axisMinutes = ofAxis({ hour: '2-digit', minute: '2-digit' });
const axisDays = ofAxis({ day: 'numeric', month: 'short' });

// The viewer's zone; days at midnight, so that it is seen where one begins.
function timeTicks(ticks, stepMs) {
  const text = stepMs < minuteMs ? axisSeconds : stepMs < dayMs ? axisMinutes : axisDays;
  return ticks.map(tick => {
    const isMidnight = new Date(tick).getHours() === 0 && new Date(tick).getMinutes() === 0;
    return (isMidnight && stepMs >= minuteMs ? axisDays : text).format(tick);
  });
}

const utcText = time => new Date(time).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');

const seriesColour = index => `--lab-series-${(index % seriesColours) + 1}`;
const seriesDash = index => Math.floor(index / seriesColours) % dashes.length;

export class MetricChart {
  #place;
  #plot;
  #legend;
  #message;
  #reading;
  #onZoom;
  #uplot;
  #names = '';
  #colours;
  #sizes;
  #table;
  #to = 0;
  #marks;
  #problem = null;
  #missing = {};
  #last = '';
  #isDragged = false;

  constructor(place, spec, onZoom) {
    this.spec = spec;
    this.#place = place;
    this.#onZoom = onZoom;
    this.#plot = place.querySelector('.plot');
    this.#legend = place.querySelector('.legend');
    this.#message = place.querySelector('.message');
    this.#reading = place.querySelector('.reading');
    this.#colours = new Colours(place);
    this.#sizes = new ResizeObserver(() => this.#uplot?.setSize(this.#size));
    this.#sizes.observe(this.#plot);
    this.#plot.addEventListener('keydown', key => this.#onKey(key));
    this.#plot.addEventListener('mousedown', () => this.#onPress());
  }

  close() {
    this.#sizes.disconnect();
    this.#colours.close();
    this.#uplot?.destroy();
  }

  // Whoever marks a range wants what he sees to stand still until he lets go.
  get isDragged() {
    return this.#isDragged;
  }

  tellProblem(problem) {
    this.#problem = problem;
    this.#tell();
  }

  tellMissing(missing) {
    this.#missing = missing ?? {};
    this.#tell();
  }

  draw(table, from, to, marks) {
    this.#table = table;
    this.#to = to;
    this.#marks = marks;
    const columns = [...table.columns.values()].filter(column => this.#wants(column.name)).sort((a, b) => compare(a.name, b.name));
    const names = columns.map(column => `${column.name}${column.hasBand ? '~' : ''}`).join(' ');
    if (names !== this.#names || (!this.#uplot && columns.length > 0)) {
      this.#names = names;
      this.#build(columns);
    }

    this.#tell();
    if (!this.#uplot) {
      return;
    }

    const data = [table.times];
    for (const column of columns) {
      data.push(column.mean);
      if (column.hasBand) {
        data.push(column.high, column.low);
      }
    }

    this.#uplot.batch(() => {
      this.#uplot.setData(data, false);
      this.#uplot.setScale('x', { min: from, max: to });
    });
    this.#read(this.#uplot.cursor.idx);
  }

  get #size() {
    return { width: Math.max(120, this.#plot.clientWidth), height: this.#plot.clientHeight };
  }

  #wants(name) {
    return this.spec.metrics.some(metric => metric === name || (name.startsWith(metric) && name[metric.length] === '{'));
  }

  #build(columns) {
    this.#uplot?.destroy();
    this.#uplot = null;
    this.#legend.replaceChildren();
    if (columns.length === 0) {
      return;
    }

    const series = [{}];
    const bands = [];
    columns.forEach((column, index) => {
      const colour = seriesColour(index);
      series.push({ label: this.#labelOf(column.name), stroke: () => this.#colours.of(colour), width: 1.6, dash: dashes[seriesDash(index)], points: { size: 4 } });
      if (column.hasBand) {
        const edge = { stroke: () => 'transparent', width: 0, points: { show: false } };
        series.push(edge, edge);
        bands.push({ series: [series.length - 2, series.length - 1], fill: () => this.#colours.of(colour, 0.18) });
      }

      this.#legend.append(this.#entryOf(column, index));
    });
    const axis = { stroke: () => this.#colours.of('--lab-text-3'), font: '11px system-ui', ticks: { show: false }, grid: { stroke: () => this.#colours.of('--lab-border'), width: 1 } };
    this.#uplot = new uPlot({
      ...this.#size,
      ms: 1,
      series,
      bands,
      legend: { show: false },
      padding: [8, 20, 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, sync: { key: 'labnet' } },
      scales: { x: { time: true, auto: false }, y: { range: (_, min, max) => this.#yRange(min, max) } },
      axes: [
        { ...axis, space: 70, size: 26, values: (_, ticks, __, ___, step) => timeTicks(ticks, step) },
        { ...axis, size: 66, values: (_, ticks) => ticks.map(tick => format(tick, this.spec.unit)), ...(this.spec.unit.startsWith('B') ? { incrs: binary } : {}) },
      ],
      hooks: { drawClear: [plot => this.#drawMarks(plot)], setCursor: [plot => this.#read(plot.cursor.idx)], setSelect: [plot => this.#select(plot)] },
    }, [[], ...series.slice(1).map(() => [])], this.#plot);
  }

  // From zero, because half of a small number must not look like all of it; never flat.
  #yRange(min, max) {
    const top = Math.max(max ?? 0, this.spec.atLeast ?? 0);
    return [Math.min(0, min ?? 0), top > 0 ? top * 1.08 : 1];
  }

  #entryOf(column, index) {
    const entry = document.createElement('span');
    entry.className = 'entry';
    entry.dataset.series = column.name;
    const swatch = document.createElement('span');
    swatch.className = 'swatch';
    swatch.dataset.dash = seriesDash(index);
    swatch.style.color = `var(${seriesColour(index)})`;
    const label = document.createElement('span');
    label.className = 'label';
    label.textContent = this.#labelOf(column.name);
    label.title = column.name;
    const value = document.createElement('span');
    value.className = 'value number';
    entry.append(swatch, label, value);
    return entry;
  }

  #labelOf(name) {
    const metric = name.split('{', 1)[0];
    const label = name.match(/\{[^=]*=(.*)\}$/s)?.[1] ?? '';
    return [this.spec.names[metric], label].filter(Boolean).join(' ') || this.spec.title;
  }

  // Under the cursor, or the newest; of a VM that is off there is none.
  #read(index) {
    const table = this.#table;
    if (!table) {
      return;
    }

    const under = index !== null && index !== undefined && index < table.times.length;
    for (const entry of this.#legend.children) {
      const column = table.columns.get(entry.dataset.series);
      const value = format(column && (under ? nearest(column.mean, index) : newest(column.mean, table.times, this.#to - table.freshMs)), this.spec.unit);
      if (entry.lastChild.textContent !== value) {
        entry.lastChild.textContent = value;
      }
    }

    const time = under ? table.times[index] : null;
    const mark = time === null ? null : this.#markNear(time);
    const text = time === null ? '' : [local.format(time), mark?.text].filter(Boolean).join(' · ');
    if (this.#last !== text) {
      this.#last = text;
      this.#reading.textContent = text;
      this.#reading.title = [time === null ? '' : utcText(time), mark?.text].filter(Boolean).join('\n');
    }
  }

  #drawMarks(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const mark of this.#marks?.between(plot.scales.x.min, plot.scales.x.max) ?? []) {
      const x = Math.round(plot.valToPos(mark.time, 'x', true));
      ctx.strokeStyle = this.#colours.of(mark.isGap ? '--lab-warning' : '--lab-text-3', 0.7);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }

    ctx.restore();
  }

  #markNear(time) {
    const { min, max } = this.#uplot.scales.x;
    return this.#marks?.nearest(time, (max - min) * markReach / this.#size.width) ?? null;
  }

  #select(plot) {
    if (plot.select.width < 4) {
      return;
    }

    const from = plot.posToVal(plot.select.left, 'x');
    const to = plot.posToVal(plot.select.left + plot.select.width, 'x');
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    // The charts of a page share one cursor: each selects what one of them selects.
    if (this.#isDragged) {
      this.#onZoom(Math.floor(from), Math.ceil(to));
    }
  }

  #onPress() {
    this.#isDragged = true;
    addEventListener('mouseup', () => this.#isDragged = false, { once: true });
  }

  // The cursor by the keyboard: a step, ten steps with Shift, the ends; Escape puts it away.
  #onKey(key) {
    const plot = this.#uplot;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key.key];
    if (!plot || (!step && !['Home', 'End', 'Escape'].includes(key.key))) {
      return;
    }

    key.preventDefault();
    if (key.key === 'Escape') {
      plot.setCursor({ left: -10, top: -10 });
      return;
    }

    const times = plot.data[0];
    const first = times.findIndex(time => time >= plot.scales.x.min);
    const now = plot.cursor.idx ?? times.length - 1;
    const wanted = key.key === 'Home' ? first : key.key === 'End' ? times.length - 1 : now + step * (key.shiftKey ? 10 : 1);
    const index = Math.min(Math.max(wanted, Math.max(first, 0)), times.length - 1);
    plot.setCursor({ left: plot.valToPos(times[index], 'x'), top: 10 });
  }

  #tell() {
    const why = Object.entries(this.#missing).filter(([what]) => what === 'vm' || this.spec.missing?.includes(what)).map(([, text]) => text);
    const text = this.#problem ?? (this.#uplot ? '' : this.#table ? why[0] ?? this.spec.nothing : 'Loading …');
    if (this.#message.textContent !== text) {
      this.#message.textContent = text;
      this.#message.hidden = text === '';
      this.#place.classList.toggle('is-empty', text !== '' && !this.#uplot);
    }
  }
}

function compare(a, b) {
  return a.localeCompare(b, undefined, { numeric: true });
}

function nearest(values, index) {
  for (let back = 0; back < 60; back++) {
    if (values[index - back] !== undefined) {
      return values[index - back];
    }
  }

  return null;
}

function newest(values, times, since) {
  for (let place = values.length - 1; place >= 0 && times[place] >= since; place--) {
    if (values[place] !== undefined) {
      return values[place];
    }
  }

  return null;
}

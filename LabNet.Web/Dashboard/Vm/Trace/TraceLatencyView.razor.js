import '../../../lib/plotly.js'; // Sets window.Plotly.

const config = { displayModeBar: false, responsive: true };
const minuteMs = 60 * 1000;
const manyPowers = 3;
const fewRequests = 5;

// Plotly knows neither variables nor light-dark(): the browser resolves the colours for it, at each picture, so that a change of theme shows.
function colours(host) {
  const probe = document.createElement('span');
  probe.hidden = true;
  host.append(probe);
  const of = variable => {
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  };
  const all = { text: of('--lab-text-2'), line: of('--lab-border'), series: of('--lab-series-1'), soft: of('--lab-accent-soft'), tip: of('--lab-tip'), onTip: of('--lab-on-tip') };
  probe.remove();
  return all;
}

function latencyText(us) {
  const [value, unit] = us < 1 ? [us * 1000, 'ns'] : us < 1000 ? [us, 'µs'] : us < 1e6 ? [us / 1000, 'ms'] : [us / 1e6, 's'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

// Plotly itself would write 10k for 10 ms. Where there are few powers of ten, one tick for each would leave the axis without any.
function latencyAxis(edges, colour) {
  const [low, high] = [edges[0], edges.at(-1)];
  const steps = Math.log10(high / low) > manyPowers ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    ticks.push(...steps.map(step => step * 10 ** power));
  }

  return { type: 'log', tickvals: ticks, ticktext: ticks.map(latencyText), gridcolor: colour.line, zeroline: false, fixedrange: true };
}

// Plotly has no time zone: it is given the viewer's clock as if it were UTC.
const local = ms => new Date(ms - new Date(ms).getTimezoneOffset() * minuteMs).toISOString().slice(0, -1);

function layoutOf(colour, more) {
  return {
    margin: { l: 58, r: 10, t: 8, b: 46 },
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { family: 'Inter Variable, system-ui, sans-serif', size: 12, color: colour.text },
    hoverlabel: { bgcolor: colour.tip, bordercolor: colour.tip, font: { color: colour.onTip } },
    showlegend: false,
    ...more,
  };
}

function histogram(picture, colour) {
  const counts = new Array(picture.edgesUs.length).fill(0);
  picture.row.forEach((row, cell) => counts[row] += picture.count[cell]);
  const told = counts.slice(0, -1).map((count, row) => `${count} took ${latencyText(picture.edgesUs[row])} to ${latencyText(picture.edgesUs[row + 1])}`);
  return {
    traces: [{
      type: 'scatter', mode: 'lines', x: picture.edgesUs, y: counts, text: [...told, ''], hoverinfo: 'text',
      line: { shape: 'hv', color: colour.series, width: 1.5 }, fill: 'tozeroy', fillcolor: colour.soft,
    }],
    layout: layoutOf(colour, { xaxis: latencyAxis(picture.edgesUs, colour), yaxis: { gridcolor: colour.line, rangemode: 'tozero', fixedrange: true, ...(Math.max(...counts) < fewRequests ? { dtick: 1 } : {}) } }),
  };
}

function heatMap(picture, colour) {
  const [rows, bins] = [picture.edgesUs.length - 1, picture.bins];
  const make = () => Array.from({ length: rows }, () => new Array(bins).fill(null));
  const [shades, told] = [make(), make()];
  picture.row.forEach((row, cell) => {
    shades[row][picture.bin[cell]] = Math.log10(picture.count[cell]) + 0.3; // One request is to be seen too.
    told[row][picture.bin[cell]] = `${picture.count[cell]} took ${latencyText(picture.edgesUs[row])} to ${latencyText(picture.edgesUs[row + 1])}`;
  });
  return {
    traces: [{
      type: 'heatmap', x: Array.from({ length: bins + 1 }, (_, bin) => local(picture.fromMs + bin * picture.binMs)), y: picture.edgesUs, z: shades, text: told,
      hovertemplate: '%{text}<br>%{x}<extra></extra>', hoverongaps: false, zmin: 0, showscale: false, colorscale: [[0, colour.soft], [1, colour.series]],
    }],
    layout: layoutOf(colour, { xaxis: { type: 'date', gridcolor: colour.line, fixedrange: true }, yaxis: latencyAxis(picture.edgesUs, colour) }),
  };
}

class LatencyCharts {
  #histogram;
  #heat;

  constructor(histogramPlace, heatPlace) {
    this.#histogram = histogramPlace;
    this.#heat = heatPlace;
  }

  draw(picture) {
    const colour = colours(document.body);
    for (const [place, chart] of [[this.#histogram, histogram(picture, colour)], [this.#heat, heatMap(picture, colour)]]) {
      window.Plotly.react(place, chart.traces, chart.layout, config);
    }
  }

  close() {
    window.Plotly.purge(this.#histogram);
    window.Plotly.purge(this.#heat);
  }
}

export const open = (histogramPlace, heatPlace) => new LatencyCharts(histogramPlace, heatPlace);

import { format } from '../charts/units.js';
import { link, make, table } from './dom.js';
import { countText, latencyText, rateText } from './figures.js';
import { localText, utcText } from './time.js';

const eventsMax = 200;

// The same facts as on the canvas, for who reads tables or has them read out.
export function screenTable(frame, layout, totals, epoch, onTrack) {
  const { view } = frame;
  const length = Math.min(view.to, frame.now) - view.from;
  const seen = layout.scrolled.rows.filter(row => row.kind === 'track' && totals.get(row.id)?.count > 0);
  const tracks = seen.map(row => [row, totals.get(row.id)]).map(([row, one]) => [
    link(one.name, () => onTrack(row)), one.vm, countText(one.count), rateText(one.count, length), latencyText(one.meanUs), latencyText(one.maxUs),
  ]);
  const time = at => make('span', { class: 'number', title: utcText(epoch, at) }, localText(epoch, at, 3));
  const vms = [...new Set(layout.scrolled.rows.map(row => row.vm).filter(Boolean))];
  return [
    part('Trace events', tracks, 'No trace event lies in this time.', ['Track', 'VM', 'Count', 'Rate', 'Mean latency', 'Longest'], [2, 3, 4, 5]),
    part('Run states', vms.flatMap(vm => frame.statesOf(vm).filter(one => one.to > view.from && one.from < view.to).map(one => [
      vm, one.state, time(Math.max(one.from, view.from)), time(Math.min(one.to, view.to)),
    ])), 'Nothing is known of the run states in this time.', ['VM', 'State', 'From', 'Until'], []),
    part('What happened', [null, ...vms].flatMap(vm => frame.eventsOf(vm)).filter(one => one.at >= view.from && one.at <= view.to)
      .sort((a, b) => b.at - a.at).slice(0, eventsMax).map(one => [time(one.at), one.vm ?? 'the lab', one.kind, one.name, one.text]),
    'Nothing happened in this time.', ['When', 'VM', 'Kind', 'Name', 'What'], []),
    part('Counters', countersOf(frame, layout), 'Nothing was measured in this time.', ['Counter', 'VM', 'Lowest', 'Mean', 'Highest'], [2, 3, 4]),
  ];
}

function part(title, rows, empty, heads, numbers) {
  const content = rows.length === 0 ? make('p', { class: 'none' }, empty) : table(title, heads, rows, numbers);
  return make('section', { 'aria-label': title }, make('h2', {}, title), content);
}

function countersOf(frame, layout) {
  return layout.scrolled.rows.filter(row => row.kind === 'counter').flatMap(row => {
    const window = frame.countersOf(row.vm);
    const series = window?.series.get(row.counter.metric);
    if (!series?.isThere) {
      return [];
    }

    const { from, to } = frame.view;
    const values = [...series.values].filter((value, place) => !Number.isNaN(value) && window.times[place] >= from && window.times[place] <= to);
    if (values.length === 0) {
      return [];
    }

    const unit = row.counter.unit;
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return [[row.title, row.vm, format(Math.min(...values), unit), format(mean, unit), format(Math.max(...values), unit)]];
  });
}

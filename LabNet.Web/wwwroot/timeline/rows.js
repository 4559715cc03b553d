import { counters } from './counter-source.js';

const heights = { host: 26, vm: 30, state: 24, flags: 26, track: 32, latency: 46, counter: 40, group: 24 };
const laneHeight = 7;
const seriesColours = 8;

export const lanesMax = 12;

const rowIds = {
  flags: vm => `events:${vm ?? ''}`,
  state: vm => `state:${vm}`,
  track: (vm, name) => `${vm}/${name}`,
  counter: (vm, metric) => `counter:${vm}/${metric}`,
};

// The same colour for the same name on every VM and on every day.
export function colourOf(name) {
  let hash = 7;
  for (const letter of name) {
    hash = (hash * 31 + letter.charCodeAt(0)) % 65521;
  }

  return `--lab-series-${hash % seriesColours + 1}`;
}

// A track of single events gets as high as its lanes want.
function heightOf(kind, lanes = 1) {
  return kind === 'track' ? Math.max(heights.track, lanes * laneHeight + 6) : heights[kind];
}

function row(kind, id, vm, title, more = {}) {
  return { kind, id, vm, title, depth: 2, height: heightOf(kind, more.lanes), mayPin: false, ...more };
}

function rowsOfTracks(vm, tracks, opened, lanesOf) {
  return tracks.flatMap(({ name, isTimed }) => {
    const id = rowIds.track(vm.name, name);
    const isOpen = isTimed && opened.has(id);
    const common = { track: name, colour: colourOf(name) };
    const track = row('track', id, vm.name, name, { ...common, lanes: lanesOf(vm.name, name), mayPin: true, mayOpen: isTimed, isOpen });
    return isOpen ? [track, row('latency', `latency:${id}`, vm.name, 'latency', { ...common, depth: 3, belongsTo: id })] : [track];
  });
}

function rowsOfVm(vm, { tracks, opened, lanesOf }) {
  const ofTracks = rowsOfTracks(vm, tracks.get(vm.name) ?? [], opened, lanesOf);
  return [
    row('state', rowIds.state(vm.name), vm.name, 'Run state', { mayPin: true }),
    row('flags', rowIds.flags(vm.name), vm.name, 'Events', { mayPin: true }),
    ...ofTracks,
    ...counters.map(counter => {
      const id = rowIds.counter(vm.name, counter.metric);
      return row('counter', id, vm.name, counter.title, { counter, colour: colourOf(counter.metric), mayPin: true });
    }),
  ];
}

function fits(row, words) {
  const text = `${row.vm ?? 'lab'} ${row.title} ${row.track ?? ''}`.toLowerCase();
  return words.every(word => text.includes(word));
}

function placed(rows) {
  let y = 0;
  for (const one of rows) {
    one.y = y;
    y += one.height;
  }

  return { rows, height: y };
}

// What stands on the page, from top to bottom: the pinned rows, which stay, and below them host, VM and what belongs to it.
// `tracks` are { name, isTimed } by VM; `closed` and `opened` hold ids of rows.
export function layoutOf({ vms, tracks, search = '', pins, closed, opened, lanesOf = () => 1 }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [];
  const pinned = [];
  const take = one => {
    if (pins.has(one.id) || (one.belongsTo && pins.has(one.belongsTo))) {
      pinned.push({ ...one, isPinned: true, depth: 0 });
    }
  };

  const lab = row('flags', rowIds.flags(null), null, 'Lab', { depth: 0, mayPin: true });
  take(lab);
  if (fits(lab, words)) {
    all.push(lab);
  }

  for (const host of [...new Set(vms.map(vm => vm.host))]) {
    const ofHost = vms.filter(vm => vm.host === host);
    const isHostOpen = !closed.has(`host:${host}`) || words.length > 0;
    const inner = ofHost.flatMap(vm => {
      const own = rowsOfVm(vm, { tracks, opened, lanesOf });
      own.forEach(take);
      const wanted = own.filter(one => fits(one, words));
      const isOpen = !closed.has(`vm:${vm.name}`) || words.length > 0;
      return wanted.length === 0 ? [] : [
        row('vm', `vm:${vm.name}`, vm.name, vm.name, { depth: 1, detail: vm.arch, mayOpen: true, isOpen }),
        ...(isOpen ? wanted : []),
      ];
    });
    if (inner.length > 0) {
      all.push(row('host', `host:${host}`, null, host, { depth: 0, mayOpen: true, isOpen: isHostOpen }), ...(isHostOpen ? inner : []));
    }
  }

  return { pinned: placed(pinned), scrolled: placed(all), isFiltered: words.length > 0 };
}

// The rows between two heights.
export function rowsBetween(rows, top, bottom) {
  return rows.filter(one => one.y < bottom && one.y + one.height > top);
}

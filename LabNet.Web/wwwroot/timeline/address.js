// What the address says of the page, so that what one sees can be sent to somebody. Times in it are milliseconds since 1970, as on all pages,
// here with up to three digits more.
const liveDefaultUs = 300e6;
const words = { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86400e6 };
const idsMax = 60; // An address that is longer is cut by somebody on its way.

export const modes = ['event', 'vcpu', 'thread', 'device'];

export function readAddress(search, epoch) {
  const query = new URLSearchParams(search);
  const time = text => text !== null && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Math.round(epoch.ofMs(Number(text))) : null;
  const [from, to] = [time(query.get('from')), time(query.get('to'))];
  const still = from !== null && to !== null && from < to ? { from, to } : null;
  const selection = stretch(query.get('select'), time);
  return {
    liveUs: still ? null : liveOf(query.get('range')) ?? liveDefaultUs,
    still,
    filter: query.get('filter') ?? '',
    mode: modes.includes(query.get('tracks')) ? query.get('tracks') : modes[0],
    search: query.get('search') ?? '',
    pins: new Set(query.getAll('pin')),
    closed: new Set(query.getAll('closed')),
    opened: new Set(query.getAll('latency')),
    selection: selection ? { ...selection, ids: query.has('of') ? new Set(query.getAll('of')) : null } : null,
    markers: { a: time(query.get('a')), b: time(query.get('b')) },
    isTable: query.has('table'),
  };
}

export function writeAddress(state, view, epoch) {
  const query = new URLSearchParams();
  const ms = us => String(Number(epoch.toMs(us).toFixed(3)));
  if (state.liveUs === null) {
    query.set('from', ms(view.from));
    query.set('to', ms(view.to));
  } else if (state.liveUs !== liveDefaultUs) {
    query.set('range', wordOf(state.liveUs));
  }

  const text = (name, value) => value && query.set(name, value);
  text('filter', state.filter);
  text('tracks', state.mode === modes[0] ? '' : state.mode);
  text('search', state.search);
  const ids = (name, values) => [...values].slice(0, idsMax).forEach(value => query.append(name, value));
  ids('pin', state.pins);
  ids('closed', state.closed);
  ids('latency', state.opened);
  if (state.selection) {
    query.set('select', `${ms(state.selection.from)}-${ms(state.selection.to)}`);
    ids('of', state.selection.ids ?? []);
  }

  Object.entries(state.markers).filter(([, at]) => at !== null).forEach(([name, at]) => query.set(name, ms(at)));
  if (state.isTable) {
    query.set('table', '1');
  }

  return query.toString();
}

function liveOf(word) {
  const [, count, unit] = word?.match(/^(\d{1,6})(ms|s|m|h|d)$/) ?? [];
  return count > 0 ? Math.min(count * words[unit], 366 * words.d) : null;
}

function wordOf(us) {
  const [unit, size] = Object.entries(words).findLast(([, one]) => us >= one && us % one === 0) ?? ['ms', words.ms];
  return `${Math.max(1, Math.round(us / size))}${unit}`;
}

function stretch(text, time) {
  const [from, to] = (text ?? '').split('-').map(time);
  return from !== null && to !== null && to !== undefined && from < to ? { from, to } : null;
}

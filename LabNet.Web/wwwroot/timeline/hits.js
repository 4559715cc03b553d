import { totalOf } from './bins.js';
import { flagsOf } from './draw-lanes.js';
import { boxOf, spansBetween } from './draw-spans.js';
import { timeOf } from './view.js';

const reachCss = 4;

// The row at a height of the stage, and where it stands there.
export function rowAt(layout, scroll, y) {
  if (y < layout.pinned.height) {
    const row = layout.pinned.rows.find(one => y < one.y + one.height);
    return row ? { row, top: row.y } : null;
  }

  const inner = y - layout.pinned.height + scroll;
  const row = layout.scrolled.rows.find(one => inner >= one.y && inner < one.y + one.height);
  return row ? { row, top: row.y + layout.pinned.height - scroll } : null;
}

// What is under a point of the stage: { at, row, kind, … }.
export function hitAt(frame, layout, scroll, x, y) {
  const at = timeOf(frame.view, x, frame.widthCss);
  const found = rowAt(layout, scroll, y);
  if (found === null) {
    return { at, row: null, kind: 'nothing' };
  }

  const { row, top } = found;
  const hit = { at, row, top };
  const gap = frame.gapsOf(row).find(one => at <= one.at && at >= (one.since ?? one.at));
  return { ...hit, ...(hitOf(frame, row, top, x, y, at) ?? (gap ? { kind: 'gap', events: [gap] } : { kind: 'nothing' })) };
}

function hitOf(frame, row, top, x, y, at) {
  switch (row.kind) {
    case 'track':
      return spanAt(frame, row, top, x, y) ?? binAt(frame, row, at);
    case 'latency':
      return binAt(frame, row, at);
    case 'flags': {
      const group = flagsOf(frame, row.vm).find(one => x >= one.x - 8 && x <= one.x + 16);
      return group ? { kind: 'flags', events: group.events } : null;
    }

    case 'state': {
      const state = frame.statesOf(row.vm).find(one => at >= one.from && at < one.to);
      return state ? { kind: 'state', ...state } : null;
    }

    case 'counter':
      return counterAt(frame, row, at);
    default:
      return null;
  }
}

function spanAt(frame, row, top, x, y) {
  const raw = frame.rawOf(row.vm);
  const track = raw?.tracks.get(row.track);
  if (!track) {
    return null;
  }

  const reach = reachCss * (frame.view.to - frame.view.from) / frame.widthCss;
  const at = timeOf(frame.view, x, frame.widthCss);
  const away = box => Math.max(box.left - x, x - box.left - box.width, 0) + Math.max(box.top - y, y - box.top - box.height, 0);
  let best = null;
  for (const span of spansBetween(track, at - reach, at + reach)) {
    const distance = away(boxOf(frame, row, top, track.lanes, span));
    if (distance <= reachCss && (best === null || distance < best.distance)) {
      best = { distance, span };
    }
  }

  return best === null ? null : { kind: 'event', span: best.span, event: best.span.event };
}

function binAt(frame, row, at) {
  const piece = (row.kind === 'latency' ? frame.cover.pieces : frame.piecesOf(row.vm)).find(one => at >= one.from && at < one.to);
  const track = piece?.window.tracks.get(`${row.vm}/${row.track}`);
  if (!track) {
    return null;
  }

  // A bar of one pixel holds several bins.
  const { window } = piece;
  const pixel = (frame.view.to - frame.view.from) / frame.widthCss;
  const reach = window.binUs > pixel ? 0 : pixel;
  const [first, last] = window.placesOf(at - reach, at + reach + 1e-6);
  const [from, to] = [window.from + first * window.binUs, window.from + (last + 1) * window.binUs];
  const total = totalOf(window, track, from, to);
  return total.count > 0 ? { kind: 'bin', from, to, total } : null;
}

function counterAt(frame, row, at) {
  const counters = frame.countersOf(row.vm);
  const series = counters?.series.get(row.counter.metric);
  if (!series) {
    return null;
  }

  let place = counters.times.length - 1;
  while (place > 0 && counters.times[place] > at) {
    place--;
  }

  const value = series.values[place];
  return value === undefined || Number.isNaN(value) ? null : { kind: 'counter', value, unit: row.counter.unit };
}

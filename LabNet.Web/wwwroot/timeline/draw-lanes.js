import { stateTone } from './run-state.js';

// What an event of the history looks like: a shape for its sort, so that colour tells nothing alone.
const shapes = {
  qmp: 'circle', job: 'square', action: 'flag', operation: 'flag', gap: 'cross', process: 'diamond', device: 'plus', storage: 'square',
  snapshot: 'bookmark', incident: 'flag', fault: 'bolt', chaos: 'flag', capture: 'square', traffic: 'arrow',
};

const badNames = new Set([
  'crashed', 'start-failed', 'GUEST_PANICKED', 'BLOCK_IO_ERROR', 'BLOCK_JOB_ERROR', 'lost', 'not-writable', 'damaged', 'problem',
  'not-taken', 'not-restored',
]);
const warningNames = new Set(['in-doubt', 'gone', 'guest-refused']);

// What somebody does to the lab on purpose: it begins and ends, and neither is a surprise.
const tonesOnPurpose = {
  fault: { injected: '--lab-warning', lifted: '--lab-good' },
  chaos: { began: '--lab-warning', stopping: '--lab-warning', missed: '--lab-bad', 'check-failed': '--lab-bad' },
  capture: { ended: '--lab-good', removed: '--lab-text-3' },
  traffic: { ended: '--lab-good' },
};
const apartCss = 11;
const badgeCss = 19;

function toneOfEvent(event) {
  return event.kind === 'gap' || (event.kind === 'snapshot' && warningNames.has(event.name)) ? '--lab-warning'
    : event.kind === 'incident' && event.name !== 'recovered' ? '--lab-bad'
    : badNames.has(event.name) || (event.kind in tonesOnPurpose && event.name === 'failed') ? '--lab-bad'
    : event.kind in tonesOnPurpose ? tonesOnPurpose[event.kind][event.name] ?? '--lab-busy'
    : event.kind === 'snapshot' ? '--lab-series-4'
    : event.kind === 'action' || event.kind === 'operation' ? '--lab-accent'
    : '--lab-busy';
}

const xOf = (frame, at) => (at - frame.view.from) * frame.widthCss / (frame.view.to - frame.view.from);

// Events that would hide each other stand as one, with their number. Also what is hit.
export function flagsOf(frame, vm) {
  const groups = [];
  const { from, to } = frame.view;
  const air = (to - from) * badgeCss / frame.widthCss;
  for (const event of frame.eventsOf(vm)) {
    if (event.at < from - air || event.at > to + air) {
      continue;
    }

    const x = xOf(frame, event.at);
    const last = groups.at(-1);
    if (last && x - last.x < (last.events.length > 1 ? badgeCss : apartCss)) {
      last.events.push(event);
    } else {
      groups.push({ x, events: [event] });
    }
  }

  return groups;
}

export function drawFlags(context, frame, row, top) {
  const middle = top + row.height / 2;
  for (const { x, events } of flagsOf(frame, row.vm)) {
    const { shape, tone } = lookOf(events);
    const colour = frame.colours.of(tone);
    if (events.length === 1) {
      drawShape(context, shape, x, middle, colour);
    } else {
      drawCount(context, frame, x, middle, events.length, shape, colour);
    }
  }
}

// Of several that stand as one: what went wrong goes before what is missing, and a snapshot, to which one can go back, before the rest; of that a
// fault, which nearly always stands with the action that asked for it.
export function lookOf(events) {
  const shown = events.find(event => toneOfEvent(event) === '--lab-bad') ?? events.find(event => event.kind === 'gap')
    ?? events.find(event => event.kind === 'snapshot') ?? events.findLast(event => event.kind === 'fault') ?? events[0];
  const one = events.find(event => event.kind === 'snapshot') ?? shown;
  return { shape: shapes[one.kind] ?? 'ring', tone: toneOfEvent(shown) };
}

function drawCount(context, frame, x, middle, count, shape, colour) {
  const text = count > 99 ? '99+' : String(count);
  const width = 8 + text.length * 6.5;
  context.fillStyle = colour;
  context.beginPath();
  if (shape === 'bookmark') {
    bookmark(context, x - 5, width, middle);
  } else {
    context.roundRect(x - 5, middle - 7, width, 14, 7);
  }

  context.fill();
  context.fillStyle = frame.colours.of('--lab-surface');
  context.fillText(text, x - 1, middle + 0.5);
}

function bookmark(context, left, width, y) {
  context.moveTo(left, y - 8);
  context.lineTo(left + width, y - 8);
  context.lineTo(left + width, y + 10);
  context.lineTo(left + width / 2, y + 6);
  context.lineTo(left, y + 10);
  context.closePath();
}

function drawShape(context, shape, x, y, colour) {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  switch (shape) {
    case 'circle':
      context.arc(x, y, 4, 0, 7);
      return context.fill();
    case 'square':
      return context.fillRect(x - 4, y - 4, 8, 8);
    case 'diamond':
      context.moveTo(x, y - 6);
      context.lineTo(x + 5, y);
      context.lineTo(x, y + 6);
      context.lineTo(x - 5, y);
      return context.fill();
    case 'flag':
      context.fillRect(x - 0.75, y - 8, 1.5, 16);
      context.moveTo(x, y - 8);
      context.lineTo(x + 8, y - 4.5);
      context.lineTo(x, y - 1);
      return context.fill();
    case 'bookmark':
      bookmark(context, x - 4.5, 9, y - 1);
      return context.fill();
    case 'bolt':
      context.moveTo(x + 1.5, y - 8);
      context.lineTo(x - 5, y + 1.5);
      context.lineTo(x - 0.5, y + 1.5);
      context.lineTo(x - 1.5, y + 8);
      context.lineTo(x + 5, y - 1.5);
      context.lineTo(x + 0.5, y - 1.5);
      return context.fill();
    case 'arrow':
      context.moveTo(x - 6, y);
      context.lineTo(x + 5, y);
      context.moveTo(x + 1, y - 4);
      context.lineTo(x + 5.5, y);
      context.lineTo(x + 1, y + 4);
      return context.stroke();
    case 'plus':
      context.moveTo(x - 5, y);
      context.lineTo(x + 5, y);
      context.moveTo(x, y - 5);
      context.lineTo(x, y + 5);
      return context.stroke();
    case 'cross':
      context.moveTo(x - 4, y - 4);
      context.lineTo(x + 4, y + 4);
      context.moveTo(x + 4, y - 4);
      context.lineTo(x - 4, y + 4);
      return context.stroke();
    default:
      context.arc(x, y, 3.5, 0, 7);
      return context.stroke();
  }
}

export function drawStates(context, frame, row, top) {
  for (const { from, to, state } of frame.statesOf(row.vm)) {
    const left = Math.max(-2, xOf(frame, from));
    const right = Math.min(frame.widthCss + 2, xOf(frame, to));
    if (right <= left) {
      continue;
    }

    const tone = stateTone(state) === 'quiet' ? '--lab-text-3' : `--lab-${stateTone(state)}`;
    const height = row.height - 8;
    context.fillStyle = frame.colours.of(tone, 0.16);
    context.fillRect(left, top + 4, Math.max(1, right - left), height);
    context.fillStyle = frame.colours.of(tone);
    context.fillRect(left, top + 4, Math.min(2, Math.max(1, right - left)), height);
    if (right - Math.max(left, 0) > context.measureText(state).width + 12) {
      context.fillText(state, Math.max(left, 0) + 7, top + row.height / 2 + 0.5);
    }
  }
}

// What is missing: hatched, from when it is missing until it is there again; of no length, a line.
export function drawGaps(context, frame, row, top) {
  for (const event of frame.gapsOf(row)) {
    const right = xOf(frame, event.at);
    const left = event.since === null ? right : xOf(frame, event.since);
    if (right < 0 || left > frame.widthCss) {
      continue;
    }

    context.fillStyle = frame.hatch;
    context.fillRect(Math.max(0, left - (right - left < 6 ? 3 : 0)), top, Math.max(6, Math.min(frame.widthCss, right) - Math.max(0, left)), row.height);
  }
}

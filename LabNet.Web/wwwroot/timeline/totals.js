import { totalOf } from './bins.js';

// How many events of each track lie in a stretch, as far as the windows on screen know: { count, timed, meanUs, maxUs } by track.
export function totalsOf(frame, from, to) {
  const totals = new Map();
  for (const piece of frame.cover.pieces) {
    const [left, right] = [Math.max(from, piece.from), Math.min(to, piece.to)];
    if (left >= right) {
      continue;
    }

    for (const [key, track] of piece.window.tracks) {
      const part = totalOf(piece.window, track, left, right);
      const whole = totals.get(key) ?? { vm: track.vm, name: track.name, count: 0, timed: 0, sumUs: 0, maxUs: null };
      whole.count += part.count;
      whole.timed += part.timed;
      whole.sumUs += (part.meanUs ?? 0) * part.timed;
      whole.maxUs = part.maxUs === null ? whole.maxUs : Math.max(whole.maxUs ?? 0, part.maxUs);
      totals.set(key, whole);
    }
  }

  for (const whole of totals.values()) {
    whole.meanUs = whole.timed > 0 ? whole.sumUs / whole.timed : null;
  }

  return totals;
}

// Of one VM, all its tracks together.
export function countOfVm(totals, vm) {
  return [...totals.values()].filter(one => one.vm === vm).reduce((sum, one) => sum + one.count, 0);
}

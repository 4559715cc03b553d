import { totalOf } from './bins.js';

class Totals {
  byTrack = new Map();

  add(vm, name, { count, timed, meanUs, maxUs }) {
    const key = `${vm}/${name}`;
    const whole = this.byTrack.get(key) ?? { vm, name, count: 0, timed: 0, meanUs: null, maxUs: null };
    if (timed > 0) {
      whole.meanUs = ((whole.meanUs ?? 0) * whole.timed + meanUs * timed) / (whole.timed + timed);
      whole.maxUs = Math.max(whole.maxUs ?? 0, maxUs);
    }

    whole.count += count;
    whole.timed += timed;
    this.byTrack.set(key, whole);
  }
}

// How many events of each track lie in a stretch, as far as the bins of a cover know: { vm, name, count, timed, meanUs, maxUs } by track.
export function totalsOf(pieces, from, to) {
  const totals = new Totals();
  addBins(totals, pieces, from, to, () => true);
  return totals.byTrack;
}

// The same, and exactly so where the events are known one by one.
export function totalsOnScreen(frame, vms, from, to) {
  const totals = new Totals();
  const raws = vms.map(vm => frame.rawOf(vm)).filter(raw => raw !== null && raw.from <= from && raw.to >= to);
  const exact = new Set(raws.map(raw => raw.vm));
  addBins(totals, frame.cover.pieces, from, to, vm => !exact.has(vm));
  for (const raw of raws) {
    for (const [name, { spans }] of raw.tracks) {
      spans.filter(span => span.to >= from && span.to < to).forEach(span => {
        const latencyUs = span.isSpan ? span.event.latencyUs : null;
        totals.add(raw.vm, name, { count: 1, timed: span.isSpan ? 1 : 0, meanUs: latencyUs, maxUs: latencyUs });
      });
    }
  }

  return totals.byTrack;
}

function addBins(totals, pieces, from, to, isWanted) {
  for (const piece of pieces) {
    const [left, right] = [Math.max(from, piece.from), Math.min(to, piece.to)];
    for (const track of left < right ? piece.window.tracks.values() : []) {
      if (isWanted(track.vm)) {
        totals.add(track.vm, track.name, totalOf(piece.window, track, left, right));
      }
    }
  }
}

// Of one VM, all its tracks together.
export function countOfVm(totals, vm) {
  return [...totals.values()].filter(one => one.vm === vm).reduce((sum, one) => sum + one.count, 0);
}

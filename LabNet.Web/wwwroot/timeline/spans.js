// Single events as they are drawn: the end of a request as the stretch that it took, every other as a moment.
export function spanOfEvent(event, epoch) {
  const to = epoch.of(event.time);
  return { from: to - (event.latencyUs ?? 0), to, isSpan: event.latencyUs !== null && event.latencyUs !== undefined, lane: 0, event };
}

// Puts what overlaps into lanes, each in the first that is free; what finds none of `lanesMax` shares the last.
export function laidOut(spans, lanesMax) {
  const ordered = [...spans].sort((a, b) => a.from - b.from || b.to - a.to);
  const busyUntil = [];
  for (const span of ordered) {
    const free = busyUntil.findIndex(until => until <= span.from);
    span.lane = free >= 0 ? free : Math.min(busyUntil.length, lanesMax - 1);
    busyUntil[span.lane] = Math.max(busyUntil[span.lane] ?? -Infinity, span.to);
  }

  return { spans: ordered, lanes: Math.max(1, busyUntil.length) };
}

// By binary search: the first span that begins at or after a time.
export function firstFrom(spans, time) {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].from < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }

  return low;
}

// The event at which a request began: as long before its end as it took, by the clock of the API, which cuts microseconds.
export function beginOf(end, candidates, epoch) {
  const begun = epoch.of(end.time) - end.latencyUs;
  const alike = other => Object.entries(other.args).filter(([name, value]) => end.args[name] === value).length;
  return candidates
    .filter(other => other.seq < end.seq && other.event !== end.event && Math.abs(epoch.of(other.time) - begun) <= 2)
    .sort((a, b) => alike(b) - alike(a) || b.seq - a.seq)[0] ?? null;
}

// The event at which a request that begins here ended.
export function endOf(begin, candidates, epoch) {
  const time = epoch.of(begin.time);
  const alike = other => Object.entries(other.args).filter(([name, value]) => begin.args[name] === value).length;
  return candidates
    .filter(other => other.seq > begin.seq && other.latencyUs !== null && Math.abs(epoch.of(other.time) - other.latencyUs - time) <= 2)
    .sort((a, b) => alike(b) - alike(a) || a.seq - b.seq)[0] ?? null;
}

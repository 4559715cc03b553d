// In which state a VM was, by what its history tells. QEMU's own words where it has some.
const afterQmp = {
  STOP: 'paused', RESUME: 'running', SHUTDOWN: 'shutdown', SUSPEND: 'suspended', WAKEUP: 'running', GUEST_PANICKED: 'guest-panicked', POWERDOWN: null,
};

const afterProcess = {
  starting: 'starting', started: 'running', adopted: 'running', ended: 'off', crashed: 'crashed', 'start-failed': 'off', 'start-cancelled': 'off',
};

const toneOf = {
  running: 'good', paused: 'warning', suspended: 'warning', prelaunch: 'busy', starting: 'busy', off: 'quiet', shutdown: 'quiet',
  'not reachable': 'bad', crashed: 'bad', 'io-error': 'bad', 'internal-error': 'bad', 'guest-panicked': 'bad',
};

export const stateTone = state => toneOf[state] ?? 'busy';

// Pure: a state is { now, before }, where `before` is what it goes back to when a lost connection is there again.
export function stateAfter(state, event) {
  const be = now => now ? { now, before: null } : state;
  switch (event.kind) {
    case 'qmp':
      return event.name === 'BLOCK_IO_ERROR' && event.data?.action === 'stop' ? be('io-error') : be(afterQmp[event.name]);
    case 'process':
      return be(afterProcess[event.name]);
    case 'connection':
      if (event.name === 'run-state') {
        return be(event.text.match(/^QEMU says (\S+?);/)?.[1]);
      }

      return event.name === 'lost' && state.before === null ? { now: 'not reachable', before: state.now }
        : event.name === 'connected' && state.before !== null ? { now: state.before, before: null }
        : event.name === 'connected' ? be(state.now ?? 'running')
        : state;
    default:
      return state;
  }
}

// After what happened before a stretch, oldest first.
export function startingState(events) {
  return events.reduce(stateAfter, { now: null, before: null });
}

// Stretches of one state each. Where nothing is told of a state at all, it is that of now.
export function statesOf(events, start, runStateNow, from, to) {
  const found = [];
  let state = start;
  let since = from;
  for (const event of events) {
    const next = stateAfter(state, event);
    if (next.now !== state.now) {
      found.push({ from: since, to: event.at, state: state.now });
      [state, since] = [next, event.at];
    } else {
      state = next;
    }
  }

  found.push({ from: since, to, state: state.now ?? (found.length === 0 ? runStateNow : null) });
  return found.filter(one => one.state && one.to > one.from);
}

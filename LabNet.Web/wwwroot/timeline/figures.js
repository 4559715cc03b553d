import { format } from '../charts/units.js';
import { durationText } from './time.js';

const whole = new Intl.NumberFormat();

// Such as 1,234 — and 1.2 M where there is no room for more.
export const countText = count => whole.format(count);

export function shortCount(count) {
  const [unit, letter] = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']].find(([size]) => count >= size) ?? [];
  return count < 10000 ? whole.format(count) : `${Math.floor(count / unit * 10) / 10} ${letter}`;
}

export const rateText = (count, us) => format(us > 0 ? count / us * 1e6 : 0, '/s');

export const latencyText = us => us === null || us === undefined ? '–' : durationText(us);

export const argumentsText = event => Object.entries(event.args).map(([name, value]) => `${name} ${value}`).join('  ');

import { format } from '../charts/units.js';
import { durationText } from './time.js';

const whole = new Intl.NumberFormat();

// Such as 1,234 — and 1.2 M where there is no room for more.
export const countText = count => whole.format(count);

export function shortCount(count) {
  return count < 10000 ? whole.format(count) : count < 1e6 ? `${(count / 1e3).toPrecision(3)} k` : count < 1e9 ? `${(count / 1e6).toPrecision(3)} M` : `${(count / 1e9).toPrecision(3)} G`;
}

export const rateText = (count, us) => format(us > 0 ? count / us * 1e6 : 0, '/s');

export const latencyText = us => us === null || us === undefined ? '–' : durationText(us);

// Times on the timeline: microseconds since an origin near what is looked at. A double that counted them since 1970 would move in steps of a
// quarter of a microsecond, and a picture of ten microseconds would tremble.
export class Epoch {
  constructor(originMs) {
    this.originMs = Math.floor(originMs / 1000) * 1000;
  }

  // Of an ISO time in UTC, with any number of digits after the second.
  of(iso) {
    const [, seconds, fraction = ''] = iso.match(/^([^.Z]+)(?:\.(\d+))?Z?$/) ?? [];
    return (Date.parse(`${seconds}Z`) - this.originMs) * 1000 + Number(fraction.padEnd(9, '0').slice(0, 9)) / 1000;
  }

  ofMs(ms) {
    return (ms - this.originMs) * 1000;
  }

  toMs(us) {
    return this.originMs + us / 1000;
  }

  // Whole microseconds, as the API takes them.
  toIso(us) {
    const { date, micros } = this.parts(us);
    return `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
  }

  // The last multiple of so many nanoseconds since 1970 that is not after a whole microsecond.
  multipleBefore(us, ns) {
    const origin = BigInt(this.originMs) * 1_000_000n;
    const width = BigInt(ns);
    const time = origin + BigInt(us) * 1000n;
    return Number(time - time % width - origin) / 1000;
  }

  parts(us) {
    const whole = Math.round(us);
    const micros = ((whole % 1e6) + 1e6) % 1e6;
    return { date: new Date(this.originMs + (whole - micros) / 1000), micros };
  }
}

const pad = (number, digits = 2) => String(number).padStart(digits, '0');

const dayOf = date => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
const clockOf = date => `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;

// How many digits after the second tell two neighbours apart that lie so far from each other.
export function digitsFor(stepUs) {
  return stepUs >= 1e6 ? 0 : Math.min(6, Math.ceil(6 - Math.log10(Math.max(1, stepUs)) - 1e-9));
}

// In the viewer's zone.
export function localText(epoch, us, digits = 6) {
  const { date, micros } = epoch.parts(us);
  return `${dayOf(date)} ${clockOf(date)}${fractionOf(micros, digits)}`;
}

export function localClock(epoch, us, digits = 6) {
  const { date, micros } = epoch.parts(us);
  return `${clockOf(date)}${fractionOf(micros, digits)}`;
}

export function utcText(epoch, us) {
  return epoch.toIso(us).replace('T', ' ').replace('Z', ' UTC');
}

function fractionOf(micros, digits) {
  return digits === 0 ? '' : `.${pad(micros, 6).slice(0, digits)}`;
}

const units = [[86400e6, 'd'], [3600e6, 'h'], [60e6, 'min'], [1e6, 's'], [1e3, 'ms'], [1, 'µs']];

// Such as "12.3 ms", "1 h 12 min" or "−5 µs".
export function durationText(us) {
  const size = Math.abs(us);
  const sign = us < 0 ? '−' : '';
  const place = Math.max(0, units.findIndex(([unit]) => size >= unit * 0.9995));
  if (size < 1) {
    return size === 0 ? '0 s' : `${sign}${threeDigits(size * 1000)} ns`;
  }

  if (place < 3) {
    const [[big, bigName], [small, smallName]] = [units[place], units[place + 1]];
    const smalls = Math.round(size / small);
    const [whole, rest] = [Math.floor(smalls * small / big), smalls % (big / small)];
    return `${sign}${whole} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
  }

  return `${sign}${threeDigits(size / units[place][0])} ${units[place][1]}`;
}

function threeDigits(value) {
  return Number(value.toPrecision(3)).toString();
}

const secondUs = 1e6;
const dayUs = 86400e6;
const clockSteps = [
  ...[1, 2, 5, 10, 15, 30], ...[1, 2, 5, 10, 15, 30].map(minutes => minutes * 60), ...[1, 2, 3, 6, 12].map(hours => hours * 3600),
  ...[1, 2, 7, 14, 30, 90, 365].map(days => days * 86400),
].map(seconds => seconds * secondUs);

export function tickStep(atLeastUs) {
  if (atLeastUs > secondUs / 2) {
    return clockSteps.find(step => step >= atLeastUs) ?? clockSteps.at(-1);
  }

  const power = 10 ** Math.floor(Math.log10(Math.max(1, atLeastUs)));
  return [1, 2, 5, 10].map(times => times * power).find(step => step >= atLeastUs - 1e-9);
}

// Lines of the axis, at round times of the viewer's zone.
export function ticks(epoch, from, to, atLeastUs) {
  const step = tickStep(atLeastUs);
  const zoneUs = -new Date(epoch.toMs((from + to) / 2)).getTimezoneOffset() * 60e6;
  const shift = step > secondUs ? (epoch.originMs * 1000 + zoneUs) % step : 0;
  const first = Math.ceil((from + shift) / step);
  const found = [];
  for (let number = first; number * step - shift <= to && found.length < 1000; number++) {
    const at = number * step - shift;
    found.push({ at, text: tickText(epoch, at, step) });
  }

  return found;
}

function tickText(epoch, at, step) {
  const { date, micros } = epoch.parts(at);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 && micros === 0;
  if (isMidnight || step >= dayUs) {
    return dayOf(date).slice(5);
  }

  return step >= 60e6 ? clockOf(date).slice(0, 5)
    : step >= secondUs ? clockOf(date)
    : `${clockOf(date).slice(6)}${fractionOf(micros, digitsFor(step))}`;
}

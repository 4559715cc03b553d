// What stretch of time is on screen. Pure: a view is { from, to } in microseconds of an Epoch, and every change gives another one.
const shortestUs = 20;
const longestUs = 366 * 86400e6;

export const spanOf = view => view.to - view.from;

export const pixelOf = (view, at, width) => (at - view.from) / spanOf(view) * width;

export const timeOf = (view, pixel, width) => view.from + pixel / width * spanOf(view);

// So that what is under the pointer stays under it.
export function zoomed(view, factor, at) {
  const span = Math.min(longestUs, Math.max(shortestUs, spanOf(view) * factor));
  const share = (at - view.from) / spanOf(view);
  return { from: at - span * share, to: at + span * (1 - share) };
}

export const panned = (view, us) => ({ from: view.from + us, to: view.to + us });

// Around a stretch, with a little air.
export function around(from, to, air = 0.15) {
  const span = Math.max(shortestUs, (to - from) * (1 + 2 * air));
  const middle = (from + to) / 2;
  return { from: middle - span / 2, to: middle + span / 2 };
}

// Nobody gets lost where nothing can be: in the future, or before LabNet was.
export function kept(view, earliest, latest) {
  const span = Math.min(spanOf(view), longestUs);
  const to = Math.min(view.to, latest + span / 2);
  return to - span < earliest ? { from: earliest, to: earliest + span } : { from: to - span, to };
}

const steps = [1, 1.5, 2, 3, 5, 7, 10];

// The width of a bin, in whole microseconds, that is at least so wide: of few possible ones, so that neighbouring views have the same.
export function binStep(atLeastUs) {
  if (atLeastUs <= 1) {
    return 1;
  }

  const power = 10 ** Math.floor(Math.log10(atLeastUs));
  return Math.ceil(steps.find(step => step * power >= atLeastUs * (1 - 1e-9)) * power);
}

const airOfPlan = 0.25;
const binsMax = 2000;

// Which bins to ask for: the view and a quarter of it at each side, in fewer bins than the view has pixels (the answer may have one more).
export function planOf(view, width) {
  const span = spanOf(view);
  const binUs = binStep(span * (1 + 2 * airOfPlan) / (Math.min(binsMax, Math.max(100, width)) - 3));
  const first = Math.floor((view.from - span * airOfPlan) / binUs);
  const last = Math.ceil((view.to + span * airOfPlan) / binUs);
  return { from: first * binUs, to: last * binUs, binUs, bins: last - first };
}

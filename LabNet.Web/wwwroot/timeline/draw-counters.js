import { format } from '../charts/units.js';
import { drawScale } from './draw-scale.js';

// A counter as an area; where nothing was measured there is none.
export function drawCounter(context, frame, row, top) {
  const window = frame.countersOf(row.vm);
  const series = window?.series.get(row.counter.metric);
  if (!series?.isThere) {
    return;
  }

  const { view, widthCss } = frame;
  const scale = widthCss / (view.to - view.from);
  const bottom = top + row.height - 2;
  const high = row.height - 8;
  const peak = Math.max(series.peak, row.counter.atLeast);
  const yOf = value => bottom - value / peak * high;
  const line = new Path2D();
  const area = new Path2D();
  let begun = null;
  let last = 0;
  const end = () => {
    if (begun !== null) {
      area.lineTo(last, bottom);
      area.lineTo(begun, bottom);
      area.closePath();
      begun = null;
    }
  };

  const [first, beyond] = stretchOf(window.times, view);
  for (let place = first; place < beyond; place++) {
    const value = series.values[place];
    if (Number.isNaN(value)) {
      end();
      continue;
    }

    const x = (window.times[place] - view.from) * scale;
    const y = yOf(value);
    if (begun === null) {
      begun = x;
      line.moveTo(x, y);
      area.moveTo(x, y);
    } else {
      line.lineTo(x, y);
      area.lineTo(x, y);
    }

    last = x;
  }

  end();
  context.fillStyle = frame.colours.of(row.colour, 0.2);
  context.fill(area);
  context.strokeStyle = frame.colours.of(row.colour);
  context.lineWidth = 1.25;
  context.stroke(line);
  drawScale(context, frame, top, format(peak, row.counter.unit));
}

// The places of a view, and one more at each side.
export function stretchOf(times, view) {
  let [first, beyond] = [0, times.length];
  while (first < times.length && times[first + 1] < view.from) {
    first++;
  }

  while (beyond > 0 && times[beyond - 2] > view.to) {
    beyond--;
  }

  return [first, beyond];
}

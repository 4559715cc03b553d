// Tracks of which the bins are known, as bars. A height stands for a rate, so that windows with bins of another width join without a step.
const airCss = 4;
const gapFromPx = 5; // Bars so wide stand apart.

// Bars of different heights in one pixel: the highest is seen, as none is drawn over with nothing.
function drawBars(pixels, frame, pieces, { row, top, limits }, valueOf, peak, body, edge) {
  const { view, width, dpr } = frame;
  const scale = width / (view.to - view.from);
  const bottom = Math.round((top + row.height - 1) * dpr);
  const high = Math.round((row.height - airCss) * dpr);
  const least = Math.round(2 * dpr);
  for (const { from, to, window } of pieces) {
    const track = window.tracks.get(`${row.vm}/${row.track}`);
    if (!track) {
      continue;
    }

    const [first, last] = window.placesOf(from, to);
    const wide = window.binUs * scale;
    const apart = wide >= gapFromPx ? 1 : 0;
    const [leftMost, rightMost] = [(from - view.from) * scale, (to - view.from) * scale];
    for (let bin = first; bin <= last; bin++) {
      const value = valueOf(track, bin, window);
      if (value > 0) {
        const left = (window.from + bin * window.binUs - view.from) * scale;
        const x = Math.floor(Math.max(left, leftMost));
        const right = Math.max(x + 1, Math.floor(Math.min(left + wide, rightMost)) - apart);
        const height = Math.max(least, Math.min(high, Math.round(value / peak * high)));
        pixels.bar(x, right, limits.top, Math.min(bottom, limits.bottom + high), height, body, edge, Math.min(least, height));
      }
    }
  }
}

export function drawTrack(pixels, frame, row, top, limits) {
  const peak = frame.peakOf(row);
  const { colours } = frame;
  const rate = (track, bin, window) => track.count[bin] / window.binUs;
  drawBars(pixels, frame, frame.piecesOf(row.vm), { row, top, limits }, rate, peak || 1, colours.pixel(row.colour, 0.45), colours.pixel(row.colour));
}

// Logarithmic, as latencies reach from microseconds to seconds: the slowest of each bin light, its mean full.
export function drawLatency(pixels, frame, row, top, limits) {
  const { colours } = frame;
  const { low, high } = frame.latencyScaleOf(row);
  const share = value => 0.06 + 0.94 * Math.max(0, Math.log(value / low) / Math.log(high / low));
  const slowest = (track, bin) => track.latencyCount?.[bin] > 0 ? share(track.latencyMax[bin]) : 0;
  const mean = (track, bin) => track.latencyCount?.[bin] > 0 ? share(track.latencySum[bin] / track.latencyCount[bin]) : 0;
  const { pieces } = frame.cover;
  drawBars(pixels, frame, pieces, { row, top, limits }, slowest, 1, colours.pixel(row.colour, 0.18), colours.pixel(row.colour, 0.5));
  drawBars(pixels, frame, pieces, { row, top, limits }, mean, 1, colours.pixel(row.colour, 0.4), colours.pixel(row.colour));
}

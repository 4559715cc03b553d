import { drawLatency, drawTrack } from './draw-bins.js';
import { drawCounter } from './draw-counters.js';
import { drawFlags, drawGaps, drawStates } from './draw-lanes.js';
import { drawScale } from './draw-scale.js';
import { drawSpans } from './draw-spans.js';
import { latencyText } from './figures.js';
import { Pixels } from './pixels.js';
import { rowsBetween } from './rows.js';
import { ticks } from './time.js';

const font = '11px "Inter Variable", system-ui, sans-serif';
const tickCss = 110;

// Draws the rows. What moves with the pointer alone is drawn by Overlay, on a canvas of its own.
export class Painter {
  #canvas;
  #context;
  #pixels = new Pixels();
  #hatch = null;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
  }

  // The hatch has the theme's colours.
  forget() {
    this.#hatch = null;
  }

  // `scroll` is how far the rows below the pinned ones are scrolled.
  draw(frame, layout, scroll, epoch) {
    const { width, dpr, heightCss } = frame;
    const height = Math.round(heightCss * dpr);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      [this.#canvas.width, this.#canvas.height] = [width, height];
      this.#hatch = null;
    }

    frame.hatch = this.#hatch ??= this.#makeHatch(frame);
    const pinnedHeight = layout.pinned.height;
    const inSight = rowsBetween(layout.scrolled.rows, scroll, scroll + heightCss - pinnedHeight);
    const below = { rows: inSight, shift: pinnedHeight - scroll, top: pinnedHeight, bottom: heightCss };
    const above = { rows: layout.pinned.rows, shift: 0, top: 0, bottom: pinnedHeight };
    this.#drawPixels(frame, [below, above], width, height);
    this.#context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.#context.font = font;
    this.#context.textBaseline = 'middle';
    this.#drawPart(frame, below, epoch);
    this.#drawPart(frame, above, epoch);
    this.#context.setTransform(1, 0, 0, 1, 0, 0);
  }

  #drawPixels(frame, parts, width, height) {
    this.#pixels.resize(width, height);
    this.#pixels.clear();
    for (const { rows, shift, top, bottom } of parts) {
      const limits = { top: Math.round(top * frame.dpr), bottom: Math.round(bottom * frame.dpr) };
      for (const row of rows) {
        if (row.kind === 'track') {
          drawTrack(this.#pixels, frame, row, row.y + shift, limits);
        } else if (row.kind === 'latency') {
          drawLatency(this.#pixels, frame, row, row.y + shift, limits);
        }
      }
    }

    this.#pixels.put(this.#context);
  }

  #drawPart(frame, { rows, shift, top, bottom }, epoch) {
    if (rows.length === 0) {
      return;
    }

    const context = this.#context;
    context.save();
    context.beginPath();
    context.rect(0, top, frame.widthCss, bottom - top);
    context.clip();
    this.#drawUnknown(frame, rows, shift);
    this.#drawGrid(frame, epoch, rows[0].y + shift, rows.at(-1).y + rows.at(-1).height + shift);
    for (const row of rows) {
      this.#drawRow(frame, row, row.y + shift);
    }

    if (top === 0 && bottom < frame.heightCss) {
      context.fillStyle = frame.colours.of('--lab-border-strong');
      context.fillRect(0, bottom - 1, frame.widthCss, 1);
    }

    context.restore();
  }

  #drawRow(frame, row, top) {
    const context = this.#context;
    if (row.kind === 'host' || row.kind === 'vm') {
      context.fillStyle = frame.colours.of('--lab-inset', row.kind === 'host' ? 1 : 0.6);
      context.fillRect(0, top, frame.widthCss, row.height);
    }

    const raw = row.kind === 'track' ? frame.rawOf(row.vm) : null;
    if (raw !== null) {
      drawSpans(context, frame, row, top, raw);
    }

    switch (row.kind) {
      case 'state':
        drawStates(context, frame, row, top);
        break;
      case 'flags':
        drawFlags(context, frame, row, top);
        break;
      case 'counter':
        drawCounter(context, frame, row, top);
        break;
      case 'latency':
        drawScale(context, frame, top, `${latencyText(frame.latencyScaleOf(row).high)}, logarithmic`);
        break;
    }

    if (row.kind !== 'host' && row.kind !== 'vm') {
      drawGaps(context, frame, row, top);
    }

    context.fillStyle = frame.colours.of('--lab-border');
    context.fillRect(0, top + row.height - 1, frame.widthCss, 1);
  }

  // Where the answer is not there yet, and the future.
  #drawUnknown(frame, rows, shift) {
    const context = this.#context;
    const scale = frame.widthCss / (frame.view.to - frame.view.from);
    context.fillStyle = frame.colours.of('--lab-hover', 0.55);
    for (const row of rows) {
      if (row.kind !== 'track' && row.kind !== 'latency') {
        continue;
      }

      for (const { from, to } of frame.cover.open) {
        context.fillRect((from - frame.view.from) * scale, row.y + shift, (to - from) * scale, row.height - 1);
      }
    }
  }

  #drawGrid(frame, epoch, top, bottom) {
    const { view, widthCss } = frame;
    this.#context.fillStyle = frame.colours.of('--lab-border-strong', 0.45);
    for (const tick of ticks(epoch, view.from, view.to, (view.to - view.from) * tickCss / widthCss)) {
      this.#context.fillRect(Math.round((tick.at - view.from) / (view.to - view.from) * widthCss), top, 1, bottom - top);
    }
  }

  #makeHatch(frame) {
    const side = Math.round(8 * frame.dpr);
    const tile = new OffscreenCanvas(side, side);
    const context = tile.getContext('2d');
    context.fillStyle = frame.colours.of('--lab-warning', 0.1);
    context.fillRect(0, 0, side, side);
    context.strokeStyle = frame.colours.of('--lab-warning', 0.55);
    context.lineWidth = frame.dpr;
    context.beginPath();
    for (const shift of [-side, 0, side]) {
      context.moveTo(shift, side);
      context.lineTo(shift + side, 0);
    }

    context.stroke();
    const pattern = this.#context.createPattern(tile, 'repeat');
    pattern.setTransform(new DOMMatrix().scale(1 / frame.dpr));
    return pattern;
  }
}

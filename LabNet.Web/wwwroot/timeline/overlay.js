import { durationText, ticks } from './time.js';

const font = '11px "Inter Variable", system-ui, sans-serif';
const tickCss = 110;

function sized(canvas, widthCss, heightCss, dpr) {
  const [width, height] = [Math.round(widthCss * dpr), Math.round(heightCss * dpr)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
  }

  const context = canvas.getContext('2d');
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, widthCss, heightCss);
  context.font = font;
  context.textBaseline = 'middle';
  return context;
}

// What stands over the rows: the pointer's line, the selected area, the markers, the frame of what was chosen.
export function drawOverlay(canvas, frame, { pointerX, selection, boxes, markers, chosen }) {
  const { widthCss, heightCss, dpr, colours, view } = frame;
  const context = sized(canvas, widthCss, heightCss, dpr);
  const xOf = at => (at - view.from) / (view.to - view.from) * widthCss;
  if (selection) {
    const [left, right] = [xOf(selection.from), xOf(selection.to)];
    context.fillStyle = colours.of('--lab-accent', 0.12);
    boxes.forEach(({ top, bottom }) => context.fillRect(left, top, right - left, bottom - top));
    context.fillStyle = colours.of('--lab-accent');
    [left, right].forEach(x => context.fillRect(Math.round(x) - 0.5, 0, 1, heightCss));
  }

  if (chosen) {
    context.strokeStyle = colours.of('--lab-text');
    context.lineWidth = 2;
    context.strokeRect(chosen.left - 2, chosen.top - 2, chosen.width + 4, chosen.height + 4);
  }

  drawMarkerLines(context, frame, markers, xOf);
  if (pointerX !== null) {
    context.fillStyle = colours.of('--lab-text-3', 0.7);
    context.fillRect(Math.round(pointerX), 0, 1, heightCss);
  }
}

function drawMarkerLines(context, { colours, heightCss }, markers, xOf) {
  context.strokeStyle = colours.of('--lab-bad');
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  for (const at of Object.values(markers).filter(at => at !== null)) {
    context.beginPath();
    context.moveTo(Math.round(xOf(at)) + 0.5, 0);
    context.lineTo(Math.round(xOf(at)) + 0.5, heightCss);
    context.stroke();
  }

  context.setLineDash([]);
}

// The axis, with the markers' heads and what lies between them.
export function drawRuler(canvas, frame, heightCss, epoch, { selection, markers }) {
  const { widthCss, dpr, colours, view } = frame;
  const context = sized(canvas, widthCss, heightCss, dpr);
  const xOf = at => (at - view.from) / (view.to - view.from) * widthCss;
  for (const tick of ticks(epoch, view.from, view.to, (view.to - view.from) * tickCss / widthCss)) {
    const x = Math.round(xOf(tick.at));
    context.fillStyle = colours.of('--lab-border-strong');
    context.fillRect(x, heightCss - 9, 1, 9);
    context.fillStyle = colours.of('--lab-text-2');
    context.fillText(tick.text, x + 5, heightCss - 10);
  }

  if (selection) {
    drawStretch(context, colours, xOf(selection.from), xOf(selection.to), durationText(selection.to - selection.from), '--lab-accent');
  }

  if (markers.a !== null && markers.b !== null) {
    const [first, last] = [Math.min(markers.a, markers.b), Math.max(markers.a, markers.b)];
    drawStretch(context, colours, xOf(first), xOf(last), durationText(markers.b - markers.a), '--lab-bad');
  }

  for (const [name, at] of Object.entries(markers).filter(([, at]) => at !== null)) {
    drawHead(context, colours, xOf(at), name.toUpperCase());
  }
}

function drawStretch(context, colours, left, right, text, colour) {
  context.fillStyle = colours.of(colour);
  context.fillRect(left, 2, Math.max(1, right - left), 2);
  const width = context.measureText(text).width;
  if (right - left > width + 44) {
    context.fillText(text, (left + right - width) / 2, 12);
  }
}

function drawHead(context, colours, x, text) {
  context.fillStyle = colours.of('--lab-bad');
  context.beginPath();
  context.roundRect(x - 8, 1, 16, 15, 4);
  context.fill();
  context.fillStyle = colours.of('--lab-surface');
  context.textAlign = 'center';
  context.fillText(text, x, 9);
  context.textAlign = 'start';
}

const insetCss = 4;

// How much the full height of a row stands for, in its corner; on a ground of its own, as there may be bars behind it.
export function drawScale(context, { colours }, top, text) {
  const width = context.measureText(text).width;
  context.fillStyle = colours.of('--lab-surface', 0.92);
  context.fillRect(insetCss - 2, top + 2, width + 4, 13);
  context.fillStyle = colours.of('--lab-text-3');
  context.fillText(text, insetCss, top + 9);
}

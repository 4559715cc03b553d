import { durationText } from './time.js';
import { firstFrom } from './spans.js';

const momentCss = 2;
const textFromCss = 46;
const textLaneCss = 11;

// Where a span of a row stands, in CSS pixels; as it is drawn and as it is hit.
export function boxOf(frame, row, top, lanes, span) {
  const scale = frame.widthCss / (frame.view.to - frame.view.from);
  const lane = (row.height - 5) / lanes;
  const left = (span.from - frame.view.from) * scale;
  const right = (span.to - frame.view.from) * scale;
  return { left, width: Math.max(momentCss, right - left), top: top + 3 + span.lane * lane, height: Math.max(2, lane - 1) };
}

// Spans that touch a stretch. One that is long can have begun long before: the longest of the track says how far back to look.
export function* spansBetween(track, from, to) {
  track.longest ??= track.spans.reduce((longest, span) => Math.max(longest, span.to - span.from), 0);
  for (let place = firstFrom(track.spans, from - track.longest); place < track.spans.length && track.spans[place].from <= to; place++) {
    if (track.spans[place].to >= from) {
      yield track.spans[place];
    }
  }
}

export function drawSpans(context, frame, row, top, raw) {
  const track = raw.tracks.get(row.track);
  if (!track) {
    return;
  }

  const { colours, view } = frame;
  const texts = [];
  context.fillStyle = colours.of(row.colour, 0.5);
  const moments = [];
  for (const span of spansBetween(track, Math.max(view.from, raw.from), Math.min(view.to, raw.to))) {
    const box = boxOf(frame, row, top, track.lanes, span);
    if (!span.isSpan) {
      moments.push(box);
      continue;
    }

    context.fillRect(box.left, box.top, box.width, box.height);
    moments.push({ ...box, left: box.left + box.width - 1.5, width: 1.5 });
    if (box.width >= textFromCss && box.height >= textLaneCss) {
      texts.push([durationText(span.event.latencyUs), box]);
    }
  }

  context.fillStyle = colours.of(row.colour);
  moments.forEach(box => context.fillRect(box.left, box.top, box.width, box.height));
  context.fillStyle = colours.of('--lab-text');
  for (const [text, box] of texts) {
    context.fillText(text, Math.max(0, box.left) + 4, box.top + box.height / 2 + 0.5, box.width - 6);
  }
}

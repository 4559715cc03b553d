import { boxOf } from './draw-spans.js';

// Rows that stand on the stage, with their place on it.
function* standing(layout, scroll, heightCss) {
  const below = layout.pinned.height;
  for (const row of layout.pinned.rows) {
    yield { row, top: row.y, bottom: row.y + row.height };
  }

  for (const row of layout.scrolled.rows) {
    const [top, bottom] = [row.y + below - scroll, row.y + row.height + below - scroll];
    if (bottom > below && top < heightCss) {
      yield { row, top: Math.max(below, top), bottom };
    }
  }
}

const trackId = row => row.kind === 'track' ? row.id : row.belongsTo ?? null;

// The tracks that an area touches; null if it touches none: then it means all.
export function idsBetween(layout, scroll, top, bottom) {
  const touched = [...standing(layout, scroll, Infinity)].filter(one => one.top < bottom && one.bottom > top);
  const ids = touched.map(one => trackId(one.row)).filter(Boolean);
  return ids.length === 0 ? null : new Set(ids);
}

export function selectionBoxes(layout, scroll, ids, heightCss) {
  return ids === null ? [{ top: 0, bottom: heightCss }] : [...standing(layout, scroll, heightCss)].filter(one => ids.has(trackId(one.row)));
}

// Around the chosen event, where it is drawn by itself; else where it lies in its row.
export function chosenBox(frame, layout, scroll, event, track, epoch) {
  const place = [...standing(layout, scroll, frame.heightCss)].find(one => one.row.id === `${event.vm}/${track}`);
  if (!place) {
    return null;
  }

  const raw = frame.rawOf(event.vm)?.tracks.get(track);
  const span = raw?.spans.find(one => one.event.seq === event.seq);
  if (span) {
    return boxOf(frame, place.row, place.bottom - place.row.height, raw.lanes, span);
  }

  const to = epoch.of(event.time);
  const scale = frame.widthCss / (frame.view.to - frame.view.from);
  const [left, right] = [(to - (event.latencyUs ?? 0) - frame.view.from) * scale, (to - frame.view.from) * scale];
  return { left, width: Math.max(2, right - left), top: place.top + 2, height: place.bottom - place.top - 4 };
}

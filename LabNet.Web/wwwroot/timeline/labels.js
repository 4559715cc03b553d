import { icon, make, tell } from './dom.js';
import { shortCount } from './figures.js';

// Such as _complete; more of it would leave no room for the beginning.
const tailMax = 10;

// The names of the rows, beside the canvas: elements, so that they can be reached and read. Blazor made their places and never looks into them.
export class Labels {
  #pinned;
  #scrolled;
  #target;
  #elements = new Map();
  #shown = '';

  // `target` is { onOpen(row), onPin(row), onChoose(row) }.
  constructor(pinned, scrolled, target) {
    [this.#pinned, this.#scrolled, this.#target] = [pinned, scrolled, target];
  }

  show(layout) {
    const rows = [...layout.pinned.rows, ...layout.scrolled.rows];
    const shown = JSON.stringify([rows.map(row => [row.id, row.isPinned, row.y, row.height, row.isOpen]), [...this.#target.pins()]]);
    if (shown === this.#shown) {
      return;
    }

    this.#shown = shown;
    const focused = document.activeElement?.dataset?.keep;
    this.#elements.clear();
    for (const [place, part] of [[this.#pinned, layout.pinned], [this.#scrolled, layout.scrolled]]) {
      place.replaceChildren(...part.rows.map(row => this.#labelOf(row)));
      place.style.height = `${part.height}px`;
    }

    const buttons = [this.#pinned, this.#scrolled].flatMap(place => [...place.querySelectorAll('[data-keep]')]);
    buttons.find(element => element.dataset.keep === focused)?.focus({ preventScroll: true });
  }

  // How much is in view, beside each track's name.
  count(countOf) {
    for (const [row, element] of this.#elements) {
      tell(element, countOf(row));
    }
  }

  #labelOf(row) {
    const count = make('span', { class: 'count number' });
    this.#elements.set(row, count);
    const label = make(
      'div',
      { class: `label ${row.kind} depth-${row.depth}`, 'data-row': row.id },
      row.mayOpen ? this.#opener(row) : null,
      row.colour && row.kind !== 'latency' ? make('span', { class: 'swatch' }) : null,
      make('span', { class: 'name', title: row.track ?? row.title }, ...nameOf(row)),
      row.detail ? make('span', { class: 'detail' }, row.detail) : null,
      count,
      row.mayPin ? this.#pin(row) : null);
    label.style.height = `${row.height}px`;
    label.querySelector('.swatch')?.style.setProperty('background', `var(${row.colour})`);
    label.addEventListener('click', event => event.target.closest('button') || this.#target.onChoose(row));
    return label;
  }

  #pin(row) {
    const isPinned = this.#target.pins().has(row.id);
    const attributes = {
      type: 'button',
      class: 'pin',
      title: isPinned ? 'Unpin' : 'Pin to the top',
      'aria-pressed': String(isPinned),
      'aria-label': `Pin ${row.vm ?? 'the lab'} ${row.title}`,
      'data-keep': keepOf('pin', row),
      onclick: () => this.#target.onPin(row),
    };
    return make('button', attributes, icon('pin', 13));
  }

  #opener(row) {
    const isTrack = row.kind === 'track';
    const attributes = {
      type: 'button',
      class: 'opener',
      title: !isTrack ? null : row.isOpen ? 'Hide the latency' : 'Show the latency',
      'aria-expanded': String(row.isOpen),
      'aria-label': isTrack ? `Latency of ${row.vm} ${row.track}` : row.title,
      'data-keep': keepOf('open', row),
      onclick: () => this.#target.onOpen(row),
    };
    return make('button', attributes, icon(isTrack ? 'latency' : row.isOpen ? 'open' : 'closed', isTrack ? 13 : 14));
  }
}

// Events of a kind begin alike and differ at their end: where there is no room, the middle is left out.
function nameOf(row) {
  const name = row.isPinned && row.vm ? `${row.vm} · ${row.title}` : row.title;
  if (row.kind !== 'track') {
    return [name];
  }

  const cut = name.indexOf('_', Math.max(1, name.length - tailMax));
  return cut < 0 ? [name] : [make('span', { class: 'head' }, name.slice(0, cut)), make('span', { class: 'tail' }, name.slice(cut))];
}

// The same button of a list that was made anew.
const keepOf = (what, row) => `${what} ${row.isPinned ? 'pinned' : ''} ${row.id}`;

// What stands behind a row's name.
export function countOf(row, frame, totals) {
  switch (row.kind) {
    case 'track': {
      const total = totals.get(`${row.vm}/${row.track}`)?.count ?? 0;
      return total > 0 ? shortCount(total) : '';
    }

    case 'flags':
      return frame.hasAllEvents ? '' : 'the newest';
    case 'counter': {
      const window = frame.countersOf(row.vm);
      return window === null || window.series.get(row.counter.metric).isThere ? '' : 'not known';
    }

    default:
      return '';
  }
}

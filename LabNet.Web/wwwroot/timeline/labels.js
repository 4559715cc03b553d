import { icon, make, tell } from './dom.js';
import { shortCount } from './figures.js';

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
    const shown = JSON.stringify([...layout.pinned.rows, ...layout.scrolled.rows].map(row => [row.id, row.isPinned, row.y, row.height, row.isOpen]).concat([...this.#target.pins()]));
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

    [...this.#pinned.querySelectorAll('[data-keep]'), ...this.#scrolled.querySelectorAll('[data-keep]')].find(element => element.dataset.keep === focused)?.focus({ preventScroll: true });
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
    const isPinned = this.#target.pins().has(row.id);
    const label = make(
      'div',
      { class: `label ${row.kind} depth-${row.depth}`, 'data-row': row.id },
      row.mayOpen ? this.#opener(row) : null,
      row.colour && row.kind !== 'latency' ? make('span', { class: 'swatch' }) : null,
      make('span', { class: 'name', title: row.track ?? row.title }, row.isPinned && row.vm ? `${row.vm} · ${row.title}` : row.title),
      row.detail ? make('span', { class: 'detail' }, row.detail) : null,
      count,
      row.mayPin
        ? make(
          'button',
          {
            type: 'button', class: 'pin', title: isPinned ? 'Unpin' : 'Pin to the top', 'data-keep': `pin ${row.isPinned ? 'p' : ''} ${row.id}`, 'aria-pressed': String(isPinned),
            'aria-label': `Pin ${row.vm ?? 'the lab'} ${row.title}`, onclick: () => this.#target.onPin(row),
          },
          icon('pin', 13))
        : null);
    label.style.height = `${row.height}px`;
    label.querySelector('.swatch')?.style.setProperty('background', `var(${row.colour})`);
    label.addEventListener('click', event => event.target.closest('button') || this.#target.onChoose(row));
    return label;
  }

  #opener(row) {
    const isTrack = row.kind === 'track';
    return make(
      'button',
      {
        type: 'button', class: 'opener', 'aria-expanded': String(row.isOpen), 'data-keep': `open ${row.isPinned ? 'p' : ''} ${row.id}`,
        title: isTrack ? (row.isOpen ? 'Hide the latency' : 'Show the latency') : null,
        'aria-label': isTrack ? `Latency of ${row.vm} ${row.track}` : row.title, onclick: () => this.#target.onOpen(row),
      },
      icon(isTrack ? 'latency' : row.isOpen ? 'open' : 'closed', isTrack ? 13 : 14));
  }
}

// What stands behind a row's name.
export function countOf(row, frame, totals) {
  switch (row.kind) {
    case 'track': {
      const total = totals.get(`${row.vm}/${row.track}`)?.count ?? 0;
      return total > 0 ? shortCount(total) : '';
    }

    case 'counter': {
      const window = frame.countersOf(row.vm);
      return window === null || window.series.get(row.counter.metric).isThere ? '' : 'not known';
    }

    default:
      return '';
  }
}

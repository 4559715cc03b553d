import { tell } from './dom.js';
import { durationText, localClock, localText, utcText } from './time.js';

// The controls over the rows.
export class Toolbar {
  #parts;
  #target;
  #over = new AbortController();

  // `target` is { onRange(us), onFollow(), onFilter(text), onMode(mode), onSearch(text), onTotals(), onTable(), onSelecting(), onMarker(name),
  // onNoMarkers(), onKeys() }.
  constructor(parts, target) {
    [this.#parts, this.#target] = [parts, target];
    this.#on('ranges', 'click', event => this.#range(event));
    this.#on('follow', 'click', () => target.onFollow());
    this.#on('filterForm', 'submit', event => {
      event.preventDefault();
      target.onFilter(parts.filter.value.trim());
    });
    this.#on('filter', 'search', () => target.onFilter(parts.filter.value.trim()));
    this.#on('mode', 'change', () => target.onMode(parts.mode.value));
    this.#on('search', 'input', () => target.onSearch(parts.search.value));
    this.#on('totals', 'click', () => target.onTotals());
    this.#on('table', 'click', () => target.onTable());
    this.#on('selecting', 'click', () => target.onSelecting());
    this.#on('markerA', 'click', () => target.onMarker('a'));
    this.#on('markerB', 'click', () => target.onMarker('b'));
    this.#on('noMarkers', 'click', () => target.onNoMarkers());
    this.#on('keys', 'click', () => target.onKeys());
    parts.tools.querySelectorAll('[disabled]').forEach(control => control.disabled = false);
    parts.head.querySelectorAll('[disabled]').forEach(control => control.disabled = false);
    [parts.filter, parts.search].forEach(field => field.readOnly = false);
  }

  close() {
    this.#over.abort();
  }

  // What the address says.
  write(state) {
    const { filter, mode, search } = this.#parts;
    [filter.value, mode.value, search.value] = [state.filter, state.mode, state.search];
  }

  show(state) {
    const isLive = state.liveUs !== null;
    for (const step of this.#parts.ranges.querySelectorAll('[data-us]')) {
      const isChosen = isLive && Number(step.dataset.us) === state.liveUs;
      if ((step.getAttribute('aria-pressed') === 'true') !== isChosen) {
        step.setAttribute('aria-pressed', String(isChosen));
      }
    }

    this.#press('follow', isLive);
    tell(this.#parts.followText, isLive ? 'Pause' : 'Follow');
    this.#press('selecting', state.isSelecting);
    this.#press('table', state.isTable);
  }

  tellStanding(text) {
    tell(this.#parts.standing, text);
  }

  showMarkers({ a, b }, epoch) {
    const { markers, markersText } = this.#parts;
    markers.hidden = a === null && b === null;
    const known = [['A', a], ['B', b]].filter(([, at]) => at !== null);
    tell(markersText, known.length === 2 ? `B − A ${durationText(b - a)}` : known.map(([name, at]) => `${name} ${localClock(epoch, at)}`).join());
    markersText.title = known.map(([name, at]) => `${name} ${localText(epoch, at)}\n   ${utcText(epoch, at)}`).join('\n');
  }

  // With its place in the text, where it is known.
  tellFilterProblem(problem, filter) {
    const { filterProblem, filterProblemText, filterProblemPlace } = this.#parts;
    filterProblem.hidden = problem === null;
    this.#parts.filter.toggleAttribute('aria-invalid', problem !== null);
    if (problem === null) {
      tell(filterProblemText, '');
      return;
    }

    tell(filterProblemText, problem.message);
    filterProblemPlace.hidden = problem.position === null;
    filterProblemPlace.textContent = `${filter}\n${' '.repeat(Math.min(problem.position ?? 0, filter.length))}↑`;
  }

  tellProblem(text) {
    this.#parts.problem.hidden = text === null;
    tell(this.#parts.problemText, text ?? '');
  }

  #on(part, name, take) {
    this.#parts[part].addEventListener(name, take, { signal: this.#over.signal });
  }

  #press(part, isPressed) {
    const text = String(Boolean(isPressed));
    if (this.#parts[part].getAttribute('aria-pressed') !== text) {
      this.#parts[part].setAttribute('aria-pressed', text);
    }
  }

  #range(event) {
    const us = Number(event.target.closest('[data-us]')?.dataset.us);
    if (us > 0) {
      this.#target.onRange(us);
    }
  }
}

import { tell } from './dom.js';
import { countText } from './figures.js';
import { countOf } from './labels.js';
import { Notice } from './notice.js';
import { screenTable } from './screen-table.js';
import { digitsFor, durationText, localText } from './time.js';
import { totalsOnScreen } from './totals.js';

const everyMs = 200;
const minuteUs = 60e6;

// What the page tells in words and figures: not more often than it can be read, nor with each frame.
export class Readout {
  #parts;
  #toolbar;
  #epoch;
  #notice;
  #target;
  #timer = 0;
  #said = null;

  // `target` is { stage, sources, state(), onTrack(row), onLook(view) }.
  constructor(parts, toolbar, epoch, target) {
    [this.#parts, this.#toolbar, this.#epoch, this.#target] = [parts, toolbar, epoch, target];
    this.#notice = new Notice(parts.notice, epoch, target.sources.vms, () => this.soon());
  }

  close() {
    clearTimeout(this.#timer);
  }

  soon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#tell();
    }, everyMs);
  }

  // Until the next movement.
  say(text) {
    this.#said = text;
    this.#toolbar.tellStanding(text);
    tell(this.#parts.said, text);
  }

  unsay() {
    this.#said = null;
    tell(this.#parts.said, '');
  }

  #tell() {
    const { stage, sources } = this.#target;
    const state = this.#target.state();
    const { frame, layout } = stage;
    const [from, to] = [frame.view.from, Math.min(frame.view.to, frame.now)];
    const totals = totalsOnScreen(frame, sources.vms.map(vm => vm.name), from, to);
    const count = [...totals.values()].reduce((sum, one) => sum + one.count, 0);
    stage.count(row => countOf(row, frame, totals));
    this.#toolbar.show(state);
    this.#toolbar.showMarkers(state.markers, this.#epoch);
    this.#toolbar.tellStanding(this.#said ?? this.#standing(state, sources, count, to - from));
    this.#parts.corner.textContent = localText(this.#epoch, from, digitsFor((to - from) / 10)).slice(0, to - from < minuteUs ? 16 : 10);
    this.#showTables(state, frame, layout, totals);
    this.#tellTrouble(state, sources.bins, layout, count);
  }

  #showTables(state, frame, layout, totals) {
    const { board, tables } = this.#parts;
    board.hidden = state.isTable;
    tables.hidden = !state.isTable;
    const isRead = tables.contains(document.activeElement) || tables.contains(getSelection()?.anchorNode);
    if (state.isTable && !(isRead && state.liveUs !== null)) {
      tables.replaceChildren(...screenTable(frame, layout, totals, this.#epoch, row => this.#target.onTrack(row)));
    }
  }

  // What could not be read is not nothing.
  #standing(state, { isKnown, bins: { isLoading, searched, problem } }, count, span) {
    const isLive = state.liveUs !== null;
    const progress = isLoading && searched < 1 && !isLive ? ` · reading, ${Math.round(searched * 100)} %` : '';
    const counted = !isKnown ? 'reading …' : problem && count === 0 ? 'events not known' : `${countText(count)} ${count === 1 ? 'event' : 'events'}`;
    return `${isLive ? 'Live' : 'Standing still'} · ${durationText(span)} · ${counted}${isKnown ? progress : ''}`;
  }

  #tellTrouble({ filter, liveUs }, { problem, isLoading, windows }, layout, count) {
    this.#toolbar.tellFilterProblem(problem?.isOfFilter ? problem : null, filter);
    this.#toolbar.tellProblem(problem && !problem.isOfFilter ? problem.message : null);
    const isEmpty = count === 0 && !problem && windows.length > 0 && (!isLoading || liveUs !== null);
    this.#notice.show({ isEmpty, filter, hasNoRow: layout.scrolled.rows.length === 0 }, (from, to) => this.#target.onLook({ from, to }));
  }
}

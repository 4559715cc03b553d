import { Frame } from './frame.js';
import { hitAt } from './hits.js';
import { Labels } from './labels.js';
import { drawOverlay, drawRuler } from './overlay.js';
import { Painter } from './painter.js';
import { layoutOf } from './rows.js';
import { chosenBox, idsBetween, selectionBoxes } from './selection.js';
import { Tip } from './tip.js';
import { timeOf } from './view.js';

const rulerCss = 36;

// What is on the screen, and where: the rows with their names, the axis over them, and what the pointer meets.
export class Stage {
  frame = null;
  layout = null;
  #parts;
  #epoch;
  #painter;
  #labels;
  #tip;
  #size = { width: 1000, height: 500 }; // As it was when the rows were last on screen.
  #pointer = null;
  #isLayoutOld = true;

  constructor(parts, epoch, labelsTarget) {
    [this.#parts, this.#epoch] = [parts, epoch];
    this.#painter = new Painter(parts.rows);
    this.#labels = new Labels(parts.pinned, parts.labels, labelsTarget);
    this.#tip = new Tip(parts.tip, parts.stage);
    parts.bones.hidden = true;
  }

  get width() {
    return this.#size.width;
  }

  get #scroll() {
    return this.#parts.scroll.scrollTop;
  }

  measure() {
    const { scroll, stage } = this.#parts;
    if (scroll.clientHeight > 0) {
      scroll.style.setProperty('--stage', `${scroll.clientHeight}px`);
      this.#size = { width: Math.max(1, stage.clientWidth), height: scroll.clientHeight };
    }
  }

  // Other rows may stand there.
  layOutAgain() {
    this.#isLayoutOld = true;
  }

  // The theme is another one.
  recolour() {
    this.#painter.forget();
  }

  draw(view, now, state, sources, chosen) {
    this.frame = new Frame(view, { ...this.#size, dpr: devicePixelRatio }, sources, now);
    if (this.#isLayoutOld) {
      this.#isLayoutOld = false;
      this.#layOut(state, sources);
    }

    this.#tellBusy();
    if (!state.isTable) {
      this.#painter.draw(this.frame, this.layout, this.#scroll, this.#epoch);
      drawRuler(this.#parts.ruler, this.frame, rulerCss, this.#epoch, state);
      this.drawOver(state, chosen);
    }
  }

  // What moves with the pointer: the rows under it stay as they are. `chosen` is { event, track }, or null.
  drawOver({ selection, markers }, chosen) {
    drawOverlay(this.#parts.overlay, this.frame, {
      pointerX: this.#pointer?.x ?? null,
      selection,
      markers,
      boxes: selection ? selectionBoxes(this.layout, this.#scroll, selection.ids, this.frame.heightCss) : [],
      chosen: chosen && chosenBox(this.frame, this.layout, this.#scroll, chosen.event, chosen.track, this.#epoch),
    });
  }

  point(pointer, isDragging) {
    this.#pointer = pointer;
    if (pointer === null || isDragging || this.frame === null) {
      this.#tip.hide();
    } else {
      const { x, y } = pointer;
      this.#tip.show(this.hit(x, y), x, y, this.#epoch, (this.frame.view.to - this.frame.view.from) / this.width);
    }
  }

  hit(x, y) {
    return hitAt(this.frame, this.layout, this.#scroll, x, y);
  }

  // The time under a place of the window.
  timeAt(clientX) {
    return timeOf(this.frame.view, clientX - this.#parts.ruler.getBoundingClientRect().left, this.width);
  }

  areaOf(x0, x1, y0, y1) {
    const [from, to] = [Math.min(x0, x1), Math.max(x0, x1)].map(x => timeOf(this.frame.view, x, this.width));
    return { from, to, ids: idsBetween(this.layout, this.#scroll, Math.min(y0, y1), Math.max(y0, y1)) };
  }

  bringIn(rowId) {
    const row = this.layout.scrolled.rows.find(one => one.id === rowId);
    const shown = this.#size.height - this.layout.pinned.height;
    if (row && (row.y < this.#scroll || row.y + row.height > this.#scroll + shown)) {
      this.#parts.scroll.scrollTop = row.y - shown / 2;
    }
  }

  count(countOf) {
    this.#labels.count(countOf);
  }

  #tellBusy() {
    const text = String(!this.frame.isSettled);
    if (this.#parts.board.getAttribute('aria-busy') !== text) {
      this.#parts.board.setAttribute('aria-busy', text);
    }
  }

  #layOut(state, sources) {
    this.layout = layoutOf({
      vms: sources.vms,
      tracks: sources.tracks,
      search: state.search,
      pins: state.pins,
      closed: state.closed,
      opened: state.opened,
      lanesOf: (vm, track) => this.frame.rawOf(vm)?.tracks.get(track)?.lanes ?? 1,
    });
    this.#labels.show(this.layout);
  }
}

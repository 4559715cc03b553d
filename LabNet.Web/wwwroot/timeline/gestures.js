import { timeOf } from './view.js';

const dragFromCss = 4;
const wheelStrength = 0.0016;
const lineCss = 16;
const zoomASecond = 6; // How much nearer a held W comes in a second.
const panASecond = 0.9; // Of the view, by a held A or D.

const held = { w: 'in', s: 'out', a: 'left', d: 'right', arrowleft: 'left', arrowright: 'right' };

// What a hand does on the stage, told as what is meant by it. `target` is { view(), width(), onZoom, onPan, onScroll, onPoint, onLeave, onClick,
// onDoubleClick, onSelecting, onSelected, isSelecting() }.
export class Gestures {
  #stage;
  #target;
  #over = new AbortController();
  #drag = null;
  #keys = new Set();
  #frame = 0;
  #last = 0;
  #pointerX = null;

  constructor(stage, target) {
    this.#stage = stage;
    this.#target = target;
    const on = (name, take, options = {}) => stage.addEventListener(name, take, { signal: this.#over.signal, ...options });
    on('wheel', event => this.#wheel(event), { passive: false });
    on('pointerdown', event => this.#press(event));
    on('pointermove', event => this.#move(event));
    on('pointerup', event => this.#release(event));
    on('pointercancel', () => this.#cancel());
    on('pointerleave', () => this.#leave());
    on('dblclick', event => target.onDoubleClick(...this.#place(event)));
    on('keydown', event => this.#key(event));
    on('keyup', event => this.#keys.delete(event.key.toLowerCase()));
    on('blur', () => this.#keys.clear());
  }

  get isDragging() {
    return this.#drag !== null;
  }

  // Where a key acts: under the pointer, or in the middle.
  get anchor() {
    const { view, width } = this.#target;
    return timeOf(view(), this.#pointerX ?? width() / 2, width());
  }

  close() {
    this.#over.abort();
    cancelAnimationFrame(this.#frame);
  }

  #place(event) {
    const box = this.#stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #wheel(event) {
    event.preventDefault();
    const { view, width } = this.#target;
    const unit = event.deltaMode === 1 ? lineCss : 1;
    const [x] = this.#place(event);
    if (event.shiftKey || event.altKey) {
      this.#target.onScroll((event.deltaY || event.deltaX) * unit);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#target.onPan(event.deltaX * unit * (view().to - view().from) / width());
    } else {
      this.#target.onZoom(Math.exp(event.deltaY * unit * wheelStrength), timeOf(view(), x, width()));
    }
  }

  #press(event) {
    if (event.button !== 0) {
      return;
    }

    const [x, y] = this.#place(event);
    this.#drag = { x, y, lastX: x, lastY: y, isFar: false, selects: event.shiftKey || this.#target.isSelecting() };
    this.#stage.setPointerCapture(event.pointerId);
    this.#stage.focus({ preventScroll: true });
  }

  #move(event) {
    const [x, y] = this.#place(event);
    this.#pointerX = x;
    const drag = this.#drag;
    if (drag === null) {
      this.#target.onPoint(x, y);
      return;
    }

    drag.isFar ||= Math.hypot(x - drag.x, y - drag.y) >= dragFromCss;
    if (!drag.isFar) {
      return;
    }

    if (drag.selects) {
      this.#target.onSelecting(drag.x, x, drag.y, y);
    } else {
      const { view, width } = this.#target;
      this.#target.onPan((drag.lastX - x) * (view().to - view().from) / width());
      this.#target.onScroll(drag.lastY - y);
    }

    [drag.lastX, drag.lastY] = [x, y];
    this.#target.onPoint(x, y);
  }

  #release(event) {
    const drag = this.#drag;
    this.#drag = null;
    if (drag === null) {
      return;
    }

    const [x, y] = this.#place(event);
    if (!drag.isFar) {
      this.#target.onClick(x, y);
    } else if (drag.selects) {
      this.#target.onSelected(drag.x, x, drag.y, y);
    }
  }

  #cancel() {
    this.#drag = null;
  }

  #leave() {
    this.#pointerX = null;
    this.#target.onLeave();
  }

  #key(event) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }

    if (key === 'arrowup' || key === 'arrowdown') {
      event.preventDefault();
      this.#target.onScroll(key === 'arrowup' ? -48 : 48);
    } else if (held[key]) {
      event.preventDefault();
      this.#hold(key);
    } else if (this.#target.onKey(event)) {
      event.preventDefault();
    }
  }

  // Moves as long as the key is down, by the time that goes by: not by how fast the keyboard repeats it.
  #hold(key) {
    if (this.#keys.has(key)) {
      return;
    }

    this.#keys.add(key);
    if (this.#keys.size === 1) {
      this.#last = performance.now() - 16;
      this.#glide(performance.now());
    }
  }

  #glide(now) {
    const seconds = Math.max(0, Math.min(0.1, (now - this.#last) / 1000));
    this.#last = now;
    const { view } = this.#target;
    for (const key of this.#keys) {
      const way = held[key];
      if (way === 'in' || way === 'out') {
        this.#target.onZoom(zoomASecond ** (way === 'in' ? -seconds : seconds), this.anchor);
      } else {
        this.#target.onPan((way === 'left' ? -1 : 1) * seconds * panASecond * (view().to - view().from));
      }
    }

    if (this.#keys.size > 0) {
      this.#frame = requestAnimationFrame(next => this.#glide(next));
    }
  }
}

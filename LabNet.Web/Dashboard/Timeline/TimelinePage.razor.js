import { Colours } from '../../charts/colours.js';
import { readAddress, writeAddress } from '../../timeline/address.js';
import { Choice } from '../../timeline/choice.js';
import { Drawer } from '../../timeline/drawer.js';
import { Gestures } from '../../timeline/gestures.js';
import { keysHelp, takeKey } from '../../timeline/keys.js';
import { Readout } from '../../timeline/readout.js';
import { Sources } from '../../timeline/sources.js';
import { Stage } from '../../timeline/stage.js';
import { Epoch } from '../../timeline/time.js';
import { Toolbar } from '../../timeline/toolbar.js';
import { around, kept, panned, zoomed } from '../../timeline/view.js';

const liveFrameMs = 33;
const liveStepPixels = 0.34;
const addressMs = 300;
const earliestMs = Date.UTC(2000, 0);

// The page: what is looked at, and what is done about it. What is read, drawn and told each has a script of its own.
class Timeline {
  #parts;
  #epoch;
  #skewMs;
  #state;
  #view;
  #sources;
  #colours;
  #stage;
  #toolbar;
  #readout;
  #drawer;
  #choice;
  #gestures;
  #sizes;
  #over = new AbortController();
  #isOld = true;
  #animation = 0;
  #drawnAt = 0;
  #drawnTo = 0;
  #addressTimer = 0;

  constructor(root, { nowMs, vms }) {
    this.#parts = Object.fromEntries([...root.querySelectorAll('[data-part]')].map(part => [part.dataset.part, part]));
    this.#epoch = new Epoch(nowMs);
    this.#skewMs = nowMs - Date.now();
    this.#colours = new Colours(root, () => this.#recolour());
    this.#sources = new Sources(vms, this.#epoch, this.#colours, () => this.#take());
    this.#stage = new Stage(this.#parts, this.#epoch, this.#names);
    this.#drawer = new Drawer(this.#parts.drawer, this.#epoch, () => this.#clear());
    this.#choice = new Choice(this.#drawer, this.#epoch, this.#choosing);
    this.#toolbar = new Toolbar(this.#parts, this.#commands);
    this.#readout = new Readout(this.#parts, this.#toolbar, this.#epoch, this.#telling);
    this.#gestures = new Gestures(this.#parts.stage, this.#hand);
    this.#read();
    this.#toolbar.write(this.#state);
    this.#listen();
    this.#resize();
    if (this.#state.selection) {
      this.#showTotals(this.#state.selection);
    }
  }

  close() {
    this.#over.abort();
    this.#sizes.disconnect();
    this.#gestures.close();
    this.#toolbar.close();
    this.#readout.close();
    this.#choice.clear();
    this.#sources.stop();
    this.#colours.close();
    cancelAnimationFrame(this.#animation);
    clearTimeout(this.#addressTimer);
  }

  // A link led to this page while it was open.
  readAddress() {
    this.#read();
    this.#choice.clear();
    this.#toolbar.write(this.#state);
    this.#stage.layOutAgain();
    this.#changed();
  }

  get #now() {
    return this.#epoch.ofMs(Date.now() + this.#skewMs);
  }

  get #onScreen() {
    return { from: this.#view.from, to: Math.min(this.#view.to, this.#now) };
  }

  get #wish() {
    return { state: this.#state, view: this.#view, width: this.#stage.width, now: this.#now };
  }

  get #chosen() {
    const { event } = this.#choice;
    return event && { event, track: this.#sources.trackOf(event, this.#state.mode) };
  }

  get #betweenMarkers() {
    const { a, b } = this.#state.markers;
    return a !== null && b !== null && a !== b ? { from: Math.min(a, b), to: Math.max(a, b) } : this.#onScreen;
  }

  // What the names of the rows ask for.
  get #names() {
    return {
      pins: () => this.#state.pins,
      onOpen: row => this.#toggle(row.kind === 'track' ? this.#state.opened : this.#state.closed, row.id),
      onPin: row => this.#toggle(this.#state.pins, row.id),
      onChoose: row => row.kind === 'track' && this.#showTotals({ ...this.#onScreen, ids: new Set([row.id]) }),
    };
  }

  // What the drawer asks for.
  get #choosing() {
    return {
      state: () => this.#state,
      trackOf: event => this.#sources.trackOf(event, this.#state.mode),
      eventsOfTrack: (vm, track) => (this.#stage.frame?.rawOf(vm)?.events ?? [])
        .filter(event => track === null || this.#sources.trackOf(event, this.#state.mode) === track),
      goTo: event => this.#goTo(event),
      zoomTo: (from, to) => this.#look(around(from, to)),
      say: text => this.#readout.say(text),
    };
  }

  get #telling() {
    return {
      stage: this.#stage,
      sources: this.#sources,
      state: () => this.#state,
      onTrack: row => this.#showTotals({ ...this.#onScreen, ids: new Set([row.id]) }),
      onLook: view => this.#look(view),
    };
  }

  get #commands() {
    return {
      onRange: us => this.#set({ liveUs: us }),
      onFollow: () => this.#followOrStand(),
      onFilter: filter => this.#set({ filter }),
      onMode: mode => this.#set({ mode, selection: null, opened: new Set() }),
      onSearch: search => this.#set({ search }),
      onTotals: () => this.#showTotals({ ...this.#betweenMarkers, ids: null }),
      onTable: () => this.#set({ isTable: !this.#state.isTable }),
      onSelecting: () => this.#set({ isSelecting: !this.#state.isSelecting }),
      onMarker: name => this.#putMarker(name, this.#gestures.anchor),
      onNoMarkers: () => this.#set({ markers: { a: null, b: null } }),
      onKeys: () => keysHelp(this.#drawer),
      onFocus: () => this.#focus(),
      onClear: () => this.#clear(),
      onNeighbour: step => this.#choice.goToNeighbour(step),
    };
  }

  get #hand() {
    return {
      view: () => this.#view,
      width: () => this.#stage.width,
      isSelecting: () => this.#state.isSelecting,
      onZoom: (factor, at) => this.#look(zoomed(this.#view, factor, at)),
      onPan: us => this.#look(panned(this.#view, us)),
      onScroll: by => this.#parts.scroll.scrollTop += by,
      onPoint: (x, y) => this.#point({ x, y }),
      onLeave: () => this.#point(null),
      onClick: (x, y) => this.#press(this.#stage.hit(x, y)),
      onDoubleClick: (x, y) => this.#zoomInto(this.#stage.hit(x, y)),
      onSelecting: (...corners) => this.#set({ selection: this.#stage.areaOf(...corners) }),
      onSelected: (...corners) => this.#showTotals(this.#stage.areaOf(...corners)),
      onKey: event => takeKey(event, this.#commands),
    };
  }

  #listen() {
    const { signal } = this.#over;
    this.#parts.scroll.addEventListener('scroll', () => this.#redraw(), { signal });
    this.#parts.axis.addEventListener('click', event => this.#putMarker(event.shiftKey ? 'b' : 'a', this.#stage.timeAt(event.clientX)), { signal });
    document.addEventListener('keydown', event => this.#slash(event), { signal });
    this.#sizes = new ResizeObserver(() => this.#resize());
    this.#sizes.observe(this.#parts.scroll);
  }

  #read() {
    const { still, ...state } = readAddress(location.search, this.#epoch);
    this.#state = { ...state, isSelecting: false };
    this.#view = still ?? { from: this.#now - state.liveUs, to: this.#now };
  }

  #writeAddress() {
    this.#addressTimer = 0;
    const query = writeAddress(this.#state, this.#view, this.#epoch);
    history.replaceState(history.state, '', query ? `${location.pathname}?${query}` : location.pathname);
  }

  #set(change) {
    this.#state = { ...this.#state, ...change };
    this.#stage.layOutAgain();
    this.#changed();
  }

  #toggle(ids, id) {
    if (!ids.delete(id)) {
      ids.add(id);
    }

    this.#set({});
  }

  #followOrStand() {
    if (this.#state.liveUs === null) {
      this.#set({ liveUs: Math.max(1e6, Math.round(this.#view.to - this.#view.from)) });
    } else {
      this.#look(this.#view);
    }
  }

  // Whoever moves the view wants it to stand where he moves it.
  #look(view) {
    this.#state.liveUs = null;
    this.#view = kept(view, this.#epoch.ofMs(earliestMs), this.#now);
    this.#changed();
  }

  #changed() {
    this.#readout.unsay();
    this.#redraw();
    this.#sources.wantSoon(() => this.#wish);
    this.#addressTimer ||= setTimeout(() => this.#writeAddress(), addressMs);
  }

  // Something was read.
  #take() {
    this.#stage.layOutAgain();
    this.#redraw();
  }

  #redraw() {
    this.#isOld = true;
    this.#animation ||= requestAnimationFrame(now => this.#tick(now));
  }

  #resize() {
    this.#stage.measure();
    this.#changed();
  }

  #recolour() {
    this.#stage.recolour();
    this.#redraw();
  }

  #tick(now) {
    this.#animation = 0;
    const isLive = this.#state.liveUs !== null;
    if (isLive && !this.#gestures.isDragging) {
      this.#moveOn(now);
      this.#sources.wantLive(this.#wish);
    }

    if (this.#isOld) {
      this.#isOld = false;
      this.#drawnAt = now;
      this.#stage.draw(this.#view, this.#now, this.#state, this.#sources, this.#chosen);
      this.#readout.soon();
    }

    if (isLive) {
      this.#animation ||= requestAnimationFrame(next => this.#tick(next));
    }
  }

  // A live view goes with the time, when there is a part of a pixel to be seen of it.
  #moveOn(now) {
    const to = this.#now;
    const pixels = (to - this.#drawnTo) * this.#stage.width / this.#state.liveUs;
    if (this.#isOld || (pixels >= liveStepPixels && now - this.#drawnAt >= liveFrameMs)) {
      this.#view = { from: to - this.#state.liveUs, to };
      this.#drawnTo = to;
      this.#isOld = true;
    }
  }

  #point(pointer) {
    this.#stage.point(pointer, this.#gestures.isDragging);
    if (this.#stage.frame !== null) {
      this.#stage.drawOver(this.#state, this.#chosen);
    }
  }

  #press(hit) {
    this.#choice.clear();
    this.#set({ selection: null });
    switch (hit.kind) {
      case 'event':
        return this.#choice.showEvent(hit.event);
      case 'bin':
        return this.#choice.showBin(hit);
      case 'flags':
      case 'gap':
        return this.#choice.showFlags(hit.events);
    }
  }

  #zoomInto(hit) {
    const stretch = hit.kind === 'event' ? hit.span : hit.kind === 'bin' || hit.kind === 'state' ? hit : null;
    if (stretch) {
      this.#look(around(stretch.from, stretch.to));
    }
  }

  #goTo(event) {
    const to = this.#epoch.of(event.time);
    const from = to - (event.latencyUs ?? 0);
    const half = (this.#view.to - this.#view.from) / 2;
    if (from < this.#view.from || to > this.#view.to) {
      this.#look({ from: Math.min(from, to - half), to: Math.max(to, to + half) });
    }

    this.#choice.showEvent(event);
    this.#set({ selection: null });
    this.#stage.bringIn(`${event.vm}/${this.#chosen.track}`);
  }

  // To what is chosen.
  #focus() {
    const { selection } = this.#state;
    const { event } = this.#choice;
    if (selection) {
      this.#look(around(selection.from, selection.to));
    } else if (event !== null) {
      const to = this.#epoch.of(event.time);
      this.#look(around(to - (event.latencyUs ?? 5), to));
    }
  }

  #showTotals(selection) {
    this.#set({ selection });
    this.#choice.showTotals(selection, this.#sources.vms.map(vm => vm.name));
  }

  #putMarker(name, at) {
    this.#set({ markers: { ...this.#state.markers, [name]: Math.round(at) } });
  }

  #clear() {
    this.#choice.clear();
    this.#set({ selection: null, isSelecting: false });
    this.#parts.stage.focus({ preventScroll: true });
  }

  #slash(event) {
    if (event.key === '/' && !event.target.closest('input, textarea, select')) {
      event.preventDefault();
      this.#parts.search.focus();
    }
  }
}

export function open(root, lab) {
  return new Timeline(root, lab);
}

import { format } from '../charts/units.js';
import { make } from './dom.js';
import { argumentsText, countText, latencyText, rateText } from './figures.js';
import { digitsFor, durationText, localText, utcText } from './time.js';

const awayCss = 14;

// What is under the pointer, in a few lines beside it.
export class Tip {
  #element;
  #stage;

  constructor(element, stage) {
    [this.#element, this.#stage] = [element, stage];
  }

  hide() {
    this.#element.hidden = true;
  }

  show(hit, x, y, epoch, pixelUs) {
    const lines = linesOf(hit);
    const digits = digitsFor(pixelUs);
    this.#element.replaceChildren(
      ...(hit.row?.vm && hit.kind !== 'nothing' ? [make('strong', {}, `${hit.row.vm} · ${hit.row.track ?? hit.row.title}`)] : []),
      ...lines.map(line => make('span', {}, line)),
      make('span', { class: 'time number' }, localText(epoch, hit.at, digits)),
      make('span', { class: 'utc number' }, utcText(epoch, hit.at)));
    this.#element.hidden = false;
    const [width, height] = [this.#element.offsetWidth, this.#element.offsetHeight];
    const [stageWidth, stageHeight] = [this.#stage.clientWidth, this.#stage.clientHeight];
    const left = x + awayCss + width > stageWidth ? x - awayCss - width : x + awayCss;
    this.#element.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, Math.min(y + awayCss, stageHeight - height))}px)`;
  }
}

function linesOf(hit) {
  switch (hit.kind) {
    case 'event': {
      const { event, row } = hit;
      const name = event.event === row.track ? null : event.event;
      return [name, event.latencyUs === null ? null : `took ${latencyText(event.latencyUs)}`, argumentsText(event)].filter(Boolean);
    }

    case 'bin': {
      const { from, to, total } = hit;
      return [
        `${countText(total.count)} ${total.count === 1 ? 'event' : 'events'} in ${durationText(to - from)}, ${rateText(total.count, to - from)}`,
        ...(total.timed > 0 ? [`latency: mean ${latencyText(total.meanUs)}, longest ${latencyText(total.maxUs)}`] : []),
      ];
    }

    case 'flags':
    case 'gap':
      return [...hit.events.slice(0, 5).map(event => event.text), ...(hit.events.length > 5 ? [`and ${hit.events.length - 5} more`] : [])];
    case 'state':
      return [`${hit.state}, for ${durationText(hit.to - hit.from)}`];
    case 'counter':
      return [format(hit.value, hit.unit)];
    default:
      return [];
  }
}

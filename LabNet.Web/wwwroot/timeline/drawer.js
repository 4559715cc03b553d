import { icon, link, make, mono, table } from './dom.js';
import { argumentsText, countText, latencyText, rateText } from './figures.js';
import { durationText, localText, utcText } from './time.js';

// What was chosen, under the rows. Its content is made anew for each choice.
export class Drawer {
  #place;
  #epoch;
  #onClose;

  constructor(place, epoch, onClose) {
    [this.#place, this.#epoch, this.#onClose] = [place, epoch, onClose];
  }

  get isOpen() {
    return !this.#place.hidden;
  }

  close() {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  show(title, note, tools, ...content) {
    const closing = { type: 'button', class: 'icon-button', 'aria-label': 'Close the details', title: 'Close (Esc)', onclick: this.#onClose };
    this.#place.replaceChildren(
      make(
        'header',
        {},
        make('h2', {}, title),
        make('span', { class: 'note' }, note),
        make('div', { class: 'tools' }, ...tools, make('button', closing, icon('cross', 16)))),
      make('div', { class: 'content' }, ...content));
    this.#place.hidden = false;
  }

  time(us) {
    return make('span', { class: 'number', title: utcText(this.#epoch, us) }, localText(this.#epoch, us));
  }

  // One event; `links` lead to the other end of its request and to its neighbours, `fields` are its arguments as QEMU declares them.
  showEvent(event, links, fields) {
    const at = this.#epoch.of(event.time);
    const facts = [
      ['VM', event.vm],
      ['Time', this.time(at)],
      ['UTC', make('span', { class: 'number' }, utcText(this.#epoch, at))],
      ['Thread', threadOf(event)],
      ['Number', countText(event.seq)],
      ...(event.latencyUs === null ? [] : [['Took', latencyText(event.latencyUs)], ['Began', this.time(at - event.latencyUs)]]),
    ];
    this.show(event.event, event.vm, links, list(facts), argumentsOf(event, fields), event.raw ? make('pre', { class: 'raw' }, event.raw) : null);
  }

  showFlags(events, tools) {
    const rows = events.map(event => [this.time(event.at), event.kind, mono(event.name), event.text]);
    this.show(events.length === 1 ? events[0].name : `${events.length} events`, '', tools, table('Events', ['When', 'Kind', 'Name', 'What'], rows));
  }

  showBin(hit, events, onEvent, tools) {
    const { row, from, to, total } = hit;
    const facts = [
      ['From', this.time(from)],
      ['Length', durationText(to - from)],
      ['Events', `${countText(total.count)}, ${rateText(total.count, to - from)}`],
      ...(total.timed > 0 ? [['Mean latency', latencyText(total.meanUs)], ['Longest', latencyText(total.maxUs)]] : []),
    ];
    this.show(row.track, row.vm, tools, list(facts), this.#listOf(events, onEvent));
  }

  showTotals({ from, to, rows, isLoading, problem, tools }) {
    const length = to - from;
    const cells = rows.map(one => [
      one.vm, one.event, countText(one.count), rateText(one.count, length),
      ...['p50', 'p95', 'p99', 'max'].map(name => latencyText(one.latencyUs?.[name])),
    ]);
    const count = rows.reduce((sum, one) => sum + one.count, 0);
    this.show(
      'Selected time',
      isLoading ? `${durationText(length)} · counting …` : `${durationText(length)} · ${countText(count)} events · ${rateText(count, length)}`,
      tools,
      problem ? make('p', { class: 'problem', role: 'alert' }, problem) : null,
      make('p', { class: 'stretch' }, this.time(from), ' – ', this.time(to)),
      rows.length > 0
        ? table('Totals of the selected time', ['VM', 'Event', 'Count', 'Rate', 'Latency p50', 'p95', 'p99', 'Longest'], cells, [2, 3, 4, 5, 6, 7])
        : make('p', { class: 'none' }, isLoading ? '' : 'No event of the chosen tracks lies in it.'));
  }

  #listOf(events, onEvent) {
    if (events === null) {
      return make('p', { class: 'none' }, 'Reading the events …');
    }

    const rows = events.map(event => {
      const at = this.#epoch.of(event.time);
      const when = link(localText(this.#epoch, at), () => onEvent(event), { class: 'link number', title: utcText(this.#epoch, at) });
      return [when, event.event, latencyText(event.latencyUs), mono(argumentsText(event))];
    });
    return table('Its events, the newest first', ['When', 'Event', 'Took', 'Arguments'], rows);
  }
}

function threadOf({ vcpu, thread }) {
  return typeof vcpu === 'number' ? `vCPU ${vcpu} (thread ${thread})` : typeof thread === 'number' ? String(thread) : 'not told';
}

function list(facts) {
  return make('dl', { class: 'data-list' }, ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
}

// With the types that QEMU declares; numbers also in base 16, first where QEMU prints them so.
function argumentsOf(event, fields) {
  const rows = Object.entries(event.args).map(([name, value]) => {
    const field = fields?.find(one => one.name === name);
    const hex = typeof value !== 'string' && (typeof value === 'bigint' || Number.isInteger(value)) && value >= 10 ? `0x${value.toString(16)}` : '';
    const [first, second] = field?.kind === 'hex' && hex ? [hex, String(value)] : [String(value), hex];
    return [mono(name), mono(field?.type ?? ''), mono(first), mono(second)];
  });
  return rows.length === 0
    ? make('p', { class: 'none' }, 'It has no arguments.')
    : table('Arguments', ['Argument', 'Type', 'Value', 'In the other base'], rows);
}

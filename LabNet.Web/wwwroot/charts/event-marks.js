// What happened to a VM in the time of a chart. More than this many lines tell nothing any more: the newest are kept.
const marksMax = 200;

export class EventMarks {
  #marks = new Map(); // By the event's number, as an event can come by the hub and by the history.

  // Without the history's answer there are no marks, and the charts stay.
  static async read(vm, from, to, standsStill) {
    const marks = new EventMarks();
    const query = new URLSearchParams({ vm, limit: marksMax, from: new Date(from).toISOString() });
    if (standsStill) {
      query.set('to', new Date(to).toISOString());
    }

    try {
      const answer = await fetch(`/api/v1/events?${query}`, { headers: { accept: 'application/json' } });
      const events = answer.ok ? (await answer.json()).items : [];
      events.reverse().forEach(event => marks.add(event));
    } catch {
      // LabNet is gone; the layout says so.
    }

    return marks;
  }

  add(event) {
    this.#keep(event.seq, { time: Date.parse(event.time), text: event.text, isGap: event.kind === 'gap' });
  }

  // What came by the hub while the history was asked.
  with(others) {
    others?.#marks.forEach((mark, seq) => this.#keep(seq, mark));
    return this;
  }

  between(from, to) {
    return [...this.#marks.values()].filter(mark => mark.time >= from && mark.time <= to);
  }

  nearest(time, reachMs) {
    const near = this.between(time - reachMs, time + reachMs);
    return near.sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0] ?? null;
  }

  #keep(seq, mark) {
    this.#marks.set(seq, mark);
    if (this.#marks.size > marksMax) {
      this.#marks.delete(Math.min(...this.#marks.keys()));
    }
  }
}

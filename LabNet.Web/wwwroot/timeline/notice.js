import { read } from './api.js';
import { link, make } from './dom.js';
import { localText } from './time.js';

// What to do where there is nothing to see.
export class Notice {
  #place;
  #epoch;
  #vms;
  #onChange;
  #said = '';
  #asked = '';
  #newest = [];

  // onChange is told that there is more to say.
  constructor(place, epoch, vms, onChange) {
    [this.#place, this.#epoch, this.#vms, this.#onChange] = [place, epoch, vms, onChange];
  }

  // `zoomTo` shows another time.
  show({ isEmpty, filter, hasNoRow }, zoomTo) {
    const parts = this.#vms.length === 0 ? ['This lab has no VM, so there is nothing to trace.']
      : hasNoRow ? ['No track has such a name. Take the text in “Find tracks” away to see all.']
      : isEmpty ? this.#emptyParts(filter, zoomTo)
      : [];
    const said = parts.map(part => part.textContent ?? part).join('');
    if (said !== this.#said) {
      this.#said = said;
      this.#place.hidden = said === '';
      this.#place.replaceChildren(...parts);
    }
  }

  #emptyParts(filter, zoomTo) {
    this.#readNewest(filter);
    const pageOf = vm => make('a', { href: `/vms/${encodeURIComponent(vm.name)}/trace` }, vm.name);
    const first = filter
      ? ['No trace event of this time fits the filter.']
      : ['No trace event of this time is stored. What a VM traces is switched on at its part Trace: ', ...this.#vms.flatMap(vm => [pageOf(vm), ' '])];
    const links = this.#newest.map(event => {
      const at = this.#epoch.of(event.time);
      return link(`Show the newest of ${event.vm}, of ${localText(this.#epoch, at, 0)}`, () => zoomTo(at - 10e6, at + 1e6));
    });
    return [make('span', {}, ...first), ...links];
  }

  // Once for each filter: where to go.
  async #readNewest(filter) {
    const question = `filter ${filter}`;
    if (question === this.#asked) {
      return;
    }

    this.#asked = question;
    this.#newest = [];
    const newestOf = vm => read('trace', { vm: vm.name, limit: 1, ...(filter ? { filter } : {}) }).catch(() => ({ items: [] }));
    const answers = await Promise.all(this.#vms.map(newestOf));
    if (question === this.#asked) {
      this.#newest = answers.flatMap(answer => answer.items);
      this.#onChange();
    }
  }
}

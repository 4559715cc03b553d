// Rows that move cannot be clicked: while somebody is at the list, it stands still. Whether somebody is, only the browser knows at once.
class Standing {
  #section;
  #list;
  #isOver = false;
  #told = '';
  #removals = new MutationObserver(() => this.#look());
  #closing = new AbortController();

  constructor(section, list) {
    this.#section = section;
    this.#list = list;
    const { signal } = this.#closing;
    section.addEventListener('pointerover', event => this.#point(event), { signal });
    section.addEventListener('pointerleave', () => this.#point(null), { signal });
    section.addEventListener('focusin', () => this.#look(), { signal });
    // Until the event is over nothing has the focus, also when it goes from row to row.
    section.addEventListener('focusout', event => this.#look(event.relatedTarget), { signal });
    section.addEventListener('scroll', () => this.#look(), { signal, capture: true });
    section.addEventListener('keydown', event => this.#key(event), { signal });
    // No row there any more, and no event tells that the pointer or the focus has left.
    this.#removals.observe(section, { childList: true });
    this.#look();
  }

  // To the newest, and on.
  follow() {
    const lines = this.#lines;
    if (lines?.contains(document.activeElement)) {
      document.activeElement.blur();
    }

    lines?.scrollTo(0, 0);
    this.#look();
  }

  close() {
    this.#closing.abort();
    this.#removals.disconnect();
  }

  get #lines() {
    return this.#section.querySelector('.lines');
  }

  // A finger is over nothing once it is lifted.
  #point(event) {
    this.#isOver = event !== null && event.pointerType !== 'touch' && this.#lines?.contains(event.target) === true;
    this.#look();
  }

  #key(event) {
    if (event.key === 'Escape' && this.#lines?.contains(event.target)) {
      this.follow();
    }
  }

  #look(active = document.activeElement) {
    const why = this.#why(active);
    if (why !== this.#told) {
      this.#told = why;
      this.#list.invokeMethodAsync('Hold', why);
    }
  }

  #why(active) {
    const lines = this.#lines;
    if (!lines) {
      return '';
    }

    // A click between the rows gives the list itself the focus; only who came by keyboard is still there afterwards.
    const isFocused = lines === active ? lines.matches(':focus-visible') : lines.contains(active);
    return this.#isOver ? 'pointer' : isFocused ? 'focus' : lines.scrollTop > 0 ? 'scrolled' : '';
  }
}

export const open = (section, list) => new Standing(section, list);

// The line belongs to the browser, so that fast typing never waits for the server; the server is told what it is.
class QmpShell {
  #input;
  #tab;
  #back = -1;
  #closing = new AbortController();

  constructor(input, tab) {
    this.#input = input;
    this.#tab = tab;
    const { signal } = this.#closing;
    input.addEventListener('input', () => this.#typed(), { signal });
    input.addEventListener('click', () => this.#typed(), { signal });
    input.addEventListener('keydown', event => this.#key(event), { signal });
    input.focus();
    this.#typed();
  }

  async send() {
    this.#back = -1;
    if (await this.#tab.invokeMethodAsync('Send', this.#input.value)) {
      this.#set('');
    }

    this.#input.focus();
  }

  replace({ start, length, text }) {
    const value = this.#input.value;
    this.#set(value.slice(0, start) + text + value.slice(start + length), start + text.length);
    this.#input.focus();
  }

  close() {
    this.#closing.abort();
  }

  #typed() {
    this.#tab.invokeMethodAsync('Typed', this.#input.value, this.#input.selectionStart ?? this.#input.value.length);
  }

  #set(value, cursor = value.length) {
    this.#input.value = value;
    this.#input.setSelectionRange(cursor, cursor);
    this.#typed();
  }

  async #key(event) {
    if (event.key === 'Enter') {
      event.preventDefault();
      await this.send();
    } else if (event.key === 'Tab' && !event.shiftKey && this.#input.value) {
      event.preventDefault();
      const replacement = await this.#tab.invokeMethodAsync('Complete', this.#input.value, this.#input.selectionStart);
      if (replacement) {
        this.replace(replacement);
      }
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      event.preventDefault();
      const back = this.#back + (event.key === 'ArrowUp' ? 1 : -1);
      const line = back < 0 ? '' : await this.#tab.invokeMethodAsync('Recall', back);
      if (line !== null) {
        this.#back = Math.max(back, -1);
        this.#set(line);
      }
    }
  }
}

export function open(input, tab) {
  return new QmpShell(input, tab);
}

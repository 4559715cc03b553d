const elements = new Set();

function clock(seconds) {
  const pad = number => String(number).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const time = `${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return days > 0 ? `${days} d ${time}` : time;
}

function ago(seconds) {
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}

class LabNetElapsed extends HTMLElement {
  // The title has the beginning: of two readings that were told at once, both are 0 ms old.
  static observedAttributes = ['elapsed-ms', 'title'];

  #startedAtMs = Date.now();

  connectedCallback() {
    elements.add(this);
    this.tick();
  }

  disconnectedCallback() {
    elements.delete(this);
  }

  attributeChangedCallback() {
    this.#startedAtMs = Date.now() - Number(this.getAttribute('elapsed-ms'));
    this.tick();
  }

  tick() {
    const seconds = Math.max(0, Math.floor((Date.now() - this.#startedAtMs) / 1000));
    const text = this.getAttribute('form') === 'ago' ? ago(seconds) : clock(seconds);
    if (this.textContent !== text) {
      this.textContent = text;
    }
  }
}

customElements.define('labnet-elapsed', LabNetElapsed);
setInterval(() => elements.forEach(element => element.tick()), 1000);

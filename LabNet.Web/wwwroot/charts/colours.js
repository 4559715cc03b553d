// Canvas knows no light-dark(): the browser resolves the colours for it, anew after a change of theme.
export class Colours {
  #probe;
  #known = new Map();
  #observer;
  #scheme = matchMedia('(prefers-color-scheme: dark)');
  #onChange;

  // onChange is told that what was drawn has the colours of another theme.
  constructor(host, onChange = () => {}) {
    this.#probe = document.createElement('span');
    this.#probe.hidden = true;
    host.append(this.#probe);
    this.#onChange = () => {
      this.#known.clear();
      onChange();
    };
    this.#observer = new MutationObserver(this.#onChange);
    this.#observer.observe(document.documentElement, { attributes: true });
    this.#scheme.addEventListener('change', this.#onChange);
  }

  close() {
    this.#observer.disconnect();
    this.#scheme.removeEventListener('change', this.#onChange);
    this.#probe.remove();
  }

  of(variable, alpha = 1) {
    return this.#keep(`${variable}/${alpha}`, () => this.#resolve(alpha === 1 ? `var(${variable})` : `color-mix(in srgb, var(${variable}) ${alpha * 100}%, transparent)`));
  }

  // As one number of an ImageData's 32 bits, `share` of the one colour and the rest of another.
  pixel(variable, share = 1, ground = '--lab-surface') {
    return this.#keep(`${variable}*${share}/${ground}`, () => {
      const [front, back] = [variable, ground].map(name => this.of(name).match(/\d+(\.\d+)?/g).map(Number));
      const [red, green, blue] = [0, 1, 2].map(place => Math.round(front[place] * share + back[place] * (1 - share)));
      return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
    });
  }

  #keep(key, make) {
    if (!this.#known.has(key)) {
      this.#known.set(key, make());
    }

    return this.#known.get(key);
  }

  #resolve(colour) {
    this.#probe.style.color = colour;
    return getComputedStyle(this.#probe).color;
  }
}

// Elements of what the scripts show. Every text is text: what a guest or QEMU says never becomes markup.
const svg = 'http://www.w3.org/2000/svg';

const shapes = {
  open: 'M6 9.5 12 15.5 18 9.5',
  closed: 'M9.5 6 15.5 12 9.5 18',
  pin: 'M9 3.5h6M10 3.5v6l-3 4h10l-3-4v-6M12 13.5V20.5',
  cross: 'M6 6l12 12M18 6 6 18',
  latency: 'M12 4a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8v5l3 2M9.5 1.5h5',
};

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }

  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export function icon(name, size = 14) {
  const element = document.createElementNS(svg, 'svg');
  const path = document.createElementNS(svg, 'path');
  path.setAttribute('d', shapes[name]);
  Object.entries({
    class: 'icon', viewBox: '0 0 24 24', width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': 2,
    'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
  }).forEach(([attribute, value]) => element.setAttribute(attribute, value));
  element.append(path);
  return element;
}

export const button = (text, press, title = null) => make('button', { type: 'button', class: 'button', title, onclick: press }, text);

// A button that looks like a link.
export const link = (text, press, more = {}) => make('button', { type: 'button', class: 'link', onclick: press, ...more }, text);

export const mono = text => make('span', { class: 'mono' }, text);

// A table of texts; `numbers` are the columns that stand on the right. A cell may be an element.
export function table(caption, heads, rows, numbers = []) {
  const classOf = place => numbers.includes(place) ? 'right number' : null;
  return make(
    'table',
    { class: 'data' },
    make('caption', { class: 'visually-hidden' }, caption),
    make('thead', {}, make('tr', {}, ...heads.map((head, place) => make('th', { scope: 'col', class: classOf(place) }, head)))),
    make('tbody', {}, ...rows.map(row => make('tr', {}, ...row.map((content, place) => place === 0
      ? make('th', { scope: 'row' }, content)
      : make('td', { class: classOf(place) }, content))))));
}

// Only what is new is written: a text that is set anew is read out anew.
export function tell(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

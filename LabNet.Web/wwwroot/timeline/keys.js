import { mono, table } from './dom.js';

const keys = [
  ['W, S', 'nearer, farther; as long as they are held'],
  ['A, D', 'earlier, later'],
  ['Mouse wheel', 'nearer, farther, at the pointer; with Shift up and down'],
  ['Drag', 'moves the view'],
  ['Shift and drag', 'selects an area and counts what lies in it'],
  ['Click, double click', 'shows what is there, zooms to it'],
  [', and .', 'the event before and the next one, of the same track'],
  ['F', 'zooms to what is chosen'],
  ['M, Shift M', 'puts marker A, marker B; a click on the axis does the same'],
  ['T', 'counts what lies between the markers, or on the screen'],
  ['L', 'follows what happens, or stands still'],
  ['/', 'finds tracks'],
  ['Esc', 'takes the selection away'],
];

export function keysHelp(drawer) {
  const rows = keys.map(([key, what]) => [mono(key), what]);
  drawer.show('Keys and mouse', 'The rows want to have the focus: click on them, or come by Tab.', [], table('Keys', ['Key', 'What it does'], rows));
}

// True if the key was one of the timeline's.
export function takeKey(event, to) {
  switch (event.key) {
    case 'm':
      to.onMarker('a');
      return true;
    case 'M':
      to.onMarker('b');
      return true;
    case 'f':
    case 'F':
      to.onFocus();
      return true;
    case 't':
    case 'T':
      to.onTotals();
      return true;
    case 'l':
    case 'L':
      to.onFollow();
      return true;
    case ',':
      to.onNeighbour(-1);
      return true;
    case '.':
      to.onNeighbour(1);
      return true;
    case '?':
      to.onKeys();
      return true;
    case 'Escape':
      to.onClear();
      return true;
    default:
      return false;
  }
}

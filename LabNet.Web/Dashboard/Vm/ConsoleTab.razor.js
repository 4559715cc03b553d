import { Terminal } from '../../lib/xterm.js';
import { FitAddon } from '../../lib/xterm-fit.js';
import '../../lib/signalr.js'; // Sets window.signalR.

const scrollbackLines = 10000;
const pieceLength = 4096;
const retryMs = 1000;
const toldMs = 6000;

// No screen has more columns to do something to.
const columnsMost = 300;

// The ANSI colours on the background of ConsoleTab.razor.css, each with a contrast of 4.5 or more but black.
const theme = {
  background: '#12151b', foreground: '#dfe3ea', cursor: '#aaa8ff', cursorAccent: '#12151b', selectionBackground: '#3d4a78',
  black: '#3b4252', red: '#ff8f86', green: '#6fdca0', yellow: '#f0bd62', blue: '#85b4ff', magenta: '#d6a0f7', cyan: '#5fd3d6', white: '#dfe3ea',
  brightBlack: '#8a93a5', brightRed: '#ffb3ac', brightGreen: '#9aecbf', brightYellow: '#f8d896', brightBlue: '#b0cfff', brightMagenta: '#e6c5fb',
  brightCyan: '#97e7e9', brightWhite: '#ffffff',
};

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[i] = text.charCodeAt(i);
  }

  return bytes;
}

// A terminal answers questions of programs (where is the cursor? what are you?) as if somebody had typed. Here each of several viewers would
// answer, and each again for the questions in the scrollback, straight into the guest's shell. So none does. Titles, links and the clipboard
// are not a guest's business either.
function swallowQuestions(parser) {
  const always = () => true;
  for (const id of [
    { final: 'c' }, { prefix: '>', final: 'c' }, { prefix: '=', final: 'c' }, { final: 'n' }, { prefix: '?', final: 'n' }, { final: 't' },
    { intermediates: '$', final: 'p' }, { prefix: '?', intermediates: '$', final: 'p' }, { prefix: '>', final: 'q' }, { final: 'x' },
  ]) {
    parser.registerCsiHandler(id, always);
  }

  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, always);
  parser.registerDcsHandler({ intermediates: '+', final: 'q' }, always);
  for (const number of [0, 1, 2, 8, 52]) {
    parser.registerOscHandler(number, always);
  }

  for (const number of [4, 10, 11, 12]) {
    parser.registerOscHandler(number, data => data.includes('?'));
  }
}

// These say how often, and the terminal does them one by one: a guest that scrolls two thousand million lines would hold up the page for hours,
// each time that it is opened, and one that repeats a character as often takes all memory.
function refuseEndless(terminal) {
  for (const final of ['b', 'I', 'Z']) {
    terminal.parser.registerCsiHandler({ final }, params => params[0] > columnsMost);
  }

  for (const final of ['S', 'T', 'L', 'M']) {
    terminal.parser.registerCsiHandler({ final }, params => params[0] > terminal.rows);
  }
}

class ConsoleTerminal {
  #vm;
  #mayType;
  #status;
  #told;
  #toldTimer;
  #terminal;
  #fit = new FitAddon();
  #observer;
  #connection;
  #keys;
  #position = null;
  #closed = false;

  constructor(screen, status, told, vm, mayType) {
    this.#vm = vm;
    this.#mayType = mayType;
    this.#status = status;
    this.#told = told;

    // First, so that the connection is on its way while the terminal is built.
    this.#run();
    this.#terminal = new Terminal({
      disableStdin: !mayType, scrollback: scrollbackLines, theme, fontSize: 13, lineHeight: 1.15, cursorBlink: false,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--lab-mono'),
    });
    this.#terminal.loadAddon(this.#fit);
    swallowQuestions(this.#terminal.parser);
    refuseEndless(this.#terminal);
    this.#terminal.open(screen);
    this.#terminal.textarea.setAttribute('aria-label', `Console of ${vm}`);
    this.#terminal.attachCustomKeyEventHandler(event => this.#isForTerminal(event));
    this.#terminal.onData(data => this.#type(data));
    this.#terminal.onResize(() => this.#tellSize());
    this.#observer = new ResizeObserver(() => requestAnimationFrame(() => this.#closed || this.#fit.fit()));
    this.#observer.observe(screen);
    this.#fit.fit();
    if (mayType) {
      this.#terminal.focus();
    }
  }

  clear() {
    this.#terminal.clear();
    this.#terminal.focus();
  }

  async close() {
    this.#closed = true;
    this.#observer.disconnect();
    clearTimeout(this.#toldTimer);
    await this.#connection?.stop();
    this.#terminal.dispose();
  }

  #isForTerminal(event) {
    if (event.key === 'Escape' && event.shiftKey) {
      this.#terminal.blur();
      return false;
    }

    return true;
  }

  // One connection after the other, each from where the last one ended.
  async #run() {
    while (!this.#closed) {
      try {
        await this.#serve();
      } catch (error) {
        if (!this.#closed) {
          this.#say('LabNet does not answer; trying again');
          console.debug(error);
        }
      }

      await new Promise(resolve => setTimeout(resolve, retryMs));
    }
  }

  async #serve() {
    const { HubConnectionBuilder, HttpTransportType, LogLevel, Subject } = window.signalR;
    this.#connection = new HubConnectionBuilder()
      .withUrl('/hubs/lab', { transport: HttpTransportType.WebSockets, skipNegotiation: true })
      .configureLogging(LogLevel.None)
      .build();
    this.#connection.serverTimeoutInMilliseconds = 12000;
    this.#connection.keepAliveIntervalInMilliseconds = 4000;
    await this.#connection.start();
    this.#keys = new Subject();
    const ended = new Promise((resolve, reject) => this.#connection.stream('ConsoleFrom', this.#vm, this.#position, this.#keys)
      .subscribe({ next: output => this.#show(output), error: reject, complete: resolve }));
    this.#say('Connected');
    this.#tellSize();
    this.#send({ seen: this.#position?.offset ?? 0 });
    try {
      await ended;
    } finally {
      this.#keys = null;
      await this.#connection.stop();
    }
  }

  #show({ stream, offset, missedBytes, data, problem }) {
    if (problem) {
      this.#tell(problem);
      return;
    }

    if (this.#position && this.#position.stream !== stream) {
      this.#terminal.reset();
    }

    if (missedBytes > 0 && this.#position) {
      this.#terminal.write(`\x18\x1b[0m\r\n[${(missedBytes / 1048576).toFixed(1)} MiB came faster than this page could show them]\r\n`);
    }

    const bytes = bytesOf(data);
    this.#position = { stream, offset: offset + bytes.length };
    const seen = this.#position.offset;
    this.#terminal.write(bytes, () => this.#send({ seen }));
  }

  #type(data) {
    if (!this.#keys) {
      this.#tell('LabNet does not answer: this was not typed.');
      return;
    }

    const characters = [...data];
    for (let i = 0; i < characters.length; i += pieceLength) {
      this.#send(characters.slice(i, i + pieceLength).join(''));
    }
  }

  #tellSize() {
    if (this.#mayType) {
      this.#send({ columns: this.#terminal.cols, rows: this.#terminal.rows });
    }

    this.#say();
  }

  #send(input) {
    this.#keys?.next(input);
  }

  #say(word) {
    this.#status.dataset.word = word ?? this.#status.dataset.word ?? 'Connecting';
    this.#status.textContent = `${this.#status.dataset.word} · ${this.#terminal.cols} × ${this.#terminal.rows}`;
  }

  #tell(text) {
    this.#told.textContent = text;
    clearTimeout(this.#toldTimer);
    this.#toldTimer = setTimeout(() => { this.#told.textContent = ''; }, toldMs);
  }
}

export function open(screen, status, told, vm, mayType) {
  return new ConsoleTerminal(screen, status, told, vm, mayType);
}

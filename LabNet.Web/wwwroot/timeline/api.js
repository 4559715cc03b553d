// What LabNet answers, or why it does not.
export class ApiProblem extends Error {
  constructor(status, { detail, title, position } = {}) {
    super(detail ?? title ?? 'LabNet does not answer.');
    Object.assign(this, { status, position: position ?? null });
  }

  // The filter is wrong, and the rest of the page is not.
  get isOfFilter() {
    return this.status === 400 && this.position !== null;
  }
}

async function ask(path, query, signal, accept) {
  let answer;
  try {
    answer = await fetch(`/api/v1/${path}?${new URLSearchParams(query)}`, { headers: { accept }, signal });
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }

    throw new ApiProblem(0);
  }

  if (!answer.ok) {
    throw new ApiProblem(answer.status, await answer.json().catch(() => ({ detail: `LabNet answers ${answer.status} ${answer.statusText}.` })));
  }

  return answer;
}

// Addresses and sizes of 64 bits do not fit a double: a whole number that does not is a BigInt.
const exact = (_, value, { source } = {}) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? BigInt(source) : value;

export async function read(path, query, signal) {
  const answer = await ask(path, query, signal, 'application/json');
  return JSON.parse(await answer.text(), exact);
}

// A JSON object a line, each as soon as it is there.
export async function* readLines(path, query, signal) {
  const answer = await ask(path, query, signal, 'application/x-ndjson');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + piece.value).split('\n');
    rest = lines.pop();
    yield* lines.filter(line => line !== '').map(line => JSON.parse(line));
  }

  if (rest !== '') {
    yield JSON.parse(rest);
  }
}

// At most so many pages of a list, newest first; `isAll` says whether that was all.
export async function readPages(path, query, pagesMax, signal) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await read(path, cursor === null ? query : { ...query, cursor }, signal);
    items.push(...answer.items);
    cursor = answer.cursor;
    if (cursor === null || cursor === undefined) {
      return { items, isAll: true };
    }
  }

  return { items, isAll: false };
}

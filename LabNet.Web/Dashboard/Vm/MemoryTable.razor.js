// Scrolls the table alone: the page itself stays where somebody looks at it.
function reveal(rows) {
  const row = rows.querySelector('tr.chosen');
  if (row === null) {
    return;
  }

  const head = rows.querySelector('thead').offsetHeight;
  const isAbove = row.offsetTop < rows.scrollTop + head;
  const isBelow = row.offsetTop + row.offsetHeight > rows.scrollTop + rows.clientHeight;
  if (isAbove || isBelow) {
    rows.scrollTop = row.offsetTop - (rows.clientHeight - row.offsetHeight) / 2;
  }
}

export function open(rows) {
  return { reveal: () => reveal(rows), close: () => {} };
}

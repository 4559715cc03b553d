function threeDigits(value) {
  const size = Math.abs(value);
  return size === 0 ? '0' : size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function scaled(value, base, units) {
  let unit = 0;
  while (Math.abs(value) >= base * 0.9995 && unit < units.length - 1) {
    value /= base;
    unit++;
  }

  return `${threeDigits(value)} ${units[unit]}`;
}

// A value with its unit; the same digits and prefixes as in the dashboard's tables.
export function format(value, unit) {
  if (value === null || value === undefined) {
    return '–';
  }

  switch (unit) {
    case 'B': return scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB']);
    case 'B/s': return scaled(value, 1024, ['B/s', 'KiB/s', 'MiB/s', 'GiB/s']);
    case 'cores': return `${threeDigits(value * 100)} %`;
    case 's/s': return `${threeDigits(value * 100)} %`;
    case 'ns': return scaled(value, 1000, ['ns', 'µs', 'ms', 's']);
    case '/s': return scaled(value, 1000, ['/s', 'k/s', 'M/s']);
    case 's': return value < 120 ? `${threeDigits(value)} s` : value < 7200 ? `${threeDigits(value / 60)} min` : `${threeDigits(value / 3600)} h`;
    default: return threeDigits(value);
  }
}

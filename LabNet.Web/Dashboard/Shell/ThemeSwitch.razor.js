// Works on every page, with or without a circuit, so it listens at the document instead of being called by the component.
const aYearInSeconds = 365 * 24 * 60 * 60;

const shown = () => document.documentElement.dataset.theme
  ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

function choose(theme) {
  document.documentElement.dataset.theme = theme;
  for (const sheet of document.querySelectorAll('[data-theme-sheet]')) {
    sheet.media = sheet.dataset.themeSheet === theme ? 'all' : 'not all';
  }
  document.cookie = `labnet-theme=${theme}; path=/; max-age=${aYearInSeconds}; samesite=lax`;
}

document.addEventListener('click', event => {
  if (event.target.closest?.('[data-theme-switch]')) {
    choose(shown() === 'dark' ? 'light' : 'dark');
  }
});

// A row that goes takes the focus with it: whoever works by keys then stands at the part's title, not at the page's beginning.
export function open(panel, title) {
  let last = null;
  const remember = event => {
    last = event.target;
  };
  const observer = new MutationObserver(() => {
    if (last !== null && !last.isConnected && document.activeElement === document.body) {
      last = null;
      title.focus();
    }
  });
  panel.addEventListener('focusin', remember);
  observer.observe(panel, { childList: true, subtree: true });
  return {
    close: () => {
      observer.disconnect();
      panel.removeEventListener('focusin', remember);
    },
  };
}

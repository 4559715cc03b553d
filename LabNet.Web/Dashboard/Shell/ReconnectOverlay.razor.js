const overlay = document.getElementById('components-reconnect-modal');
const root = document.documentElement;
let wasLost = false;

function follow() {
  const has = state => overlay.classList.contains(`components-reconnect-${state}`);
  const lost = has('show') || has('failed') || has('rejected');
  if (lost && !wasLost) {
    overlay.querySelector('[data-lost-at]').textContent = new Date().toTimeString().slice(0, 8);
    root.dataset.circuit = 'lost';
    overlay.querySelector('[data-reconnect]').focus();
  } else if (!lost && wasLost) {
    delete root.dataset.circuit;
  }
  wasLost = lost;
  // LabNet answers and does not know the circuit: it was started anew, and so has to be the page.
  if (has('rejected')) {
    location.reload();
  }
}

async function reconnect() {
  try {
    if (!await Blazor.reconnect()) {
      location.reload();
    }
  } catch {
    // LabNet is still away; Blazor goes on trying, and the overlay says so.
  }
}

const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
const answers = () => fetch('healthz', { method: 'HEAD', cache: 'no-store' }).then(() => true, () => false);

// Blazor tells nothing until its first connection: a LabNet that ends between a page and its circuit would say "Connecting" for ever.
async function watchFirstConnection() {
  let gone = false;
  while (document.querySelector('[data-joining]')) {
    const there = await answers();
    if (there && gone) {
      location.reload();
      return;
    }
    if (!there && !gone) {
      gone = true;
      overlay.classList.add('components-reconnect-show');
    }
    await wait(2000);
  }
}

new MutationObserver(follow).observe(overlay, { attributes: true, attributeFilter: ['class'] });
overlay.querySelector('[data-reconnect]').addEventListener('click', reconnect);
overlay.querySelector('[data-reload]').addEventListener('click', () => location.reload());
watchFirstConnection();

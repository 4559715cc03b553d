// A custom element needs no call from the server: Blazor sets the attribute, also before there is a circuit. The component renders nothing
// inside, so that what is written here is no node of Blazor's.
class LabNetTime extends HTMLElement {
  static observedAttributes = ['datetime', 'fraction'];

  attributeChangedCallback() {
    const at = new Date(this.getAttribute('datetime'));
    const sameDay = at.toDateString() === new Date().toDateString();
    const pad = number => String(number).padStart(2, '0');
    const fraction = this.getAttribute('fraction');
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}${fraction ? `.${fraction}` : ''}`;
    this.textContent = sameDay ? time : `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
  }
}

customElements.define('labnet-time', LabNetTime);

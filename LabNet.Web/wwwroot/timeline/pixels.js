// The bars of all tracks, written pixel by pixel: a frame with sixty tracks has ten thousands of them, and each call of canvas costs more than
// the pixels.
export class Pixels {
  #image = null;
  #cells = null;

  resize(width, height) {
    if (this.#image?.width !== width || this.#image?.height !== height) {
      this.#image = new ImageData(Math.max(1, width), Math.max(1, height));
      this.#cells = new Uint32Array(this.#image.data.buffer);
    }
  }

  clear() {
    this.#cells.fill(0);
  }

  // From a bottom line upwards, within `top` and the picture: a soft body with a clear edge.
  bar(left, right, top, bottom, height, body, edge, edgeHeight) {
    const width = this.#image.width;
    const [from, to] = [Math.max(0, left), Math.min(width, right)];
    const first = Math.max(0, top, bottom - height);
    const last = Math.min(this.#image.height, bottom);
    if (from >= to) {
      return;
    }

    for (let y = first; y < last; y++) {
      this.#cells.fill(y < bottom - height + edgeHeight ? edge : body, y * width + from, y * width + to);
    }
  }

  put(context) {
    context.putImageData(this.#image, 0, 0);
  }
}

// An image. It is always shown by an <img> element: an SVG there runs no scripts and loads nothing.

import { h } from "../dom.js";

export class ImageView {
  #url = null;

  /** `onSize(width, height)` is called once the image is known; `onFailure()` if it is none. */
  constructor({ host, label, onSize, onFailure }) {
    this.image = h("img", {
      class: "file-image", alt: label, draggable: "false",
      on: {
        load: () => onSize(this.image.naturalWidth, this.image.naturalHeight),
        error: () => onFailure(),
        click: () => this.element.classList.toggle("actual"),
      },
    });
    this.element = h("div", {
      class: "file-scroller file-picture", tabindex: "0", role: "region", "aria-label": label,
      title: "Click to switch between the whole image and its own size",
      on: { keydown: (event) => this.#keydown(event) },
    }, this.image);
    host.append(this.element);
  }

  get isShown() {
    return this.#url !== null;
  }

  show(bytes, type) {
    const old = this.#url;
    this.#url = URL.createObjectURL(new Blob([bytes], { type }));
    this.image.src = this.#url;
    if (old) URL.revokeObjectURL(old);
  }

  dispose() {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.element.remove();
  }

  #keydown(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.element.classList.toggle("actual");
  }
}

// A dish as a picture: a photograph where the shop has one, else the drawing of that name.

import { drawing } from "./drawings.js";

class DishArt extends HTMLElement {
  static observedAttributes = ["picture"];

  attributeChangedCallback() {
    const picture = this.getAttribute("picture") ?? "";
    if (/[./]/.test(picture)) {
      const image = new Image();
      image.src = picture;
      image.alt = "";
      image.loading = "lazy";
      this.replaceChildren(image);
      return;
    }
    // the text comes from our own drawings only, never from the shop's data
    this.innerHTML = `<svg viewBox="0 0 160 120" aria-hidden="true">${drawing(picture)}</svg>`;
  }
}

customElements.define("dish-art", DishArt);

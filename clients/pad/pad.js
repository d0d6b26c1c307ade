// The pad's entry: not paired → pairing; paired → the page of this device's role, as the server names it.
// `?theme=dark` is the night shift's.

import { openPage } from "../link/doorway.js";
import { Part } from "../link/elements.js";
import { icon } from "../link/icons.js";
import { html, nothing } from "../link/vendor/lit.js";
import { say as shared } from "../link/words.js";
import { GuestPad } from "./guest-pad.js";
import { WaiterPad } from "./waiter-pad.js";
import { say } from "./words.js";

/** @typedef {import("../link/screen.js").Screen} Screen */

const theme = new URLSearchParams(location.search).get("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;

/** Waits for the first snapshot, then becomes what it says this device is. */
class PadDoor extends Part {
  /** @type {HTMLElement | null} */
  #role = null;

  /** @param {Screen} screen */
  constructor(screen) {
    super();
    this.screen = screen;
  }

  subscribe() {
    return [this.screen.changed.on(() => this.#opened())];
  }

  #opened() {
    const { view } = this.screen;
    if (!view || this.#role) return;
    if (view.device.kind === "guest") this.#role = new GuestPad(this.screen);
    else if (view.device.kind === "waiter") this.#role = new WaiterPad(this.screen);
    if (view.device.kind === "guest" || view.device.kind === "waiter") document.title = `${view.device.name} · 传菜`;
    this.requestUpdate();
  }

  render() {
    if (this.#role) return this.#role;
    const kind = this.screen.view?.device.kind;
    if (kind && kind !== "guest" && kind !== "waiter") {
      return html`<main class="wait-page">${icon("brand")}
        <h1>${say("wrong_kind", { kind: say(`kind_${kind}`) })}</h1><a class="btn" href="/">${say("home")}</a></main>`;
    }
    return html`<main class="wait-page">${icon("linked")}<h1>${shared("connecting")}</h1><p>${shared("connecting_help")}</p>
      <link-health .link=${this.screen.link}></link-health>${nothing}</main>`;
  }
}
customElements.define("pad-door", PadDoor);

openPage({ app: "pad", kind: "waiter", show: (screen) => new PadDoor(screen) });

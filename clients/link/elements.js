// The parts every screen shows, as elements without a shadow: tokens.css dresses them.

import { clock } from "./clock.js";
import { elapsed } from "./format.js";
import { languageChanged, name } from "./i18n.js";
import { icon } from "./icons.js";
import { html, LitElement, nothing } from "./vendor/lit.js";
import { allergen, say } from "./words.js";

/**
 * @typedef {import("./frames.d.ts").PlaceKind} PlaceKind
 * @typedef {import("./frames.d.ts").ItemState} ItemState
 * @typedef {import("./frames.d.ts").Modifier} Modifier
 * @typedef {import("./link.js").Link} Link
 * @typedef {import("./voice.js").Voice} Voice
 */

// Native class fields would hide Lit's accessors, so properties are born in constructors.

/** An element painted into the page itself, again when the language changes or a subscription says so. */
export class Part extends LitElement {
  /** @type {(() => void)[]} */
  #ends = [];

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ends.push(languageChanged.on(() => this.requestUpdate()), ...this.subscribe());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#ends.splice(0).forEach((end) => end());
  }

  /** Paint at once instead of with the next microtask, for whoever measures. */
  paintNow() {
    this.performUpdate();
  }

  /** What to hear while on the page; each returns its end. @returns {(() => void)[]} */
  subscribe() {
    return [];
  }
}

/** Where a guest sits, told by shape. */
class PlacePlate extends Part {
  static properties = { kind: {}, place: {}, bare: { type: Boolean } };

  constructor() {
    super();
    /** @type {PlaceKind} */
    this.kind = "room";
    /** @type {string} */
    this.place = "";
    /** Without the drawing. @type {boolean} */
    this.bare = false;
  }

  render() {
    const unit = this.kind === "room" || this.kind === "table" ? say(this.kind) : "";
    return html`<span class="place" data-kind=${this.kind}>
      ${this.bare ? nothing : icon(this.kind)}<b>${this.place}${unit ? html`<small>${unit}</small>` : nothing}</b>
    </span>`;
  }
}

/** A dish's state: drawing, word and hue. */
class StateMark extends Part {
  static properties = { state: {}, word: {} };

  constructor() {
    super();
    /** @type {ItemState} */
    this.state = "queued";
    /** Another word than the usual. @type {string} */
    this.word = "";
  }

  render() {
    return html`<span class="state" data-state=${this.state}>${icon(this.state)}${this.word || say(this.state)}</span>`;
  }
}

/** Time since a moment, on server time, every second. */
class StageClock extends Part {
  static properties = { since: { type: Number }, time: {} };

  constructor() {
    super();
    /** Milliseconds since 1970. @type {number} */
    this.since = 0;
    /** ok, warn, late or nothing. @type {string} */
    this.time = "";
  }

  subscribe() {
    return [clock.onTick(() => this.requestUpdate())];
  }

  render() {
    const text = elapsed(clock.nowMs() - this.since);
    if (!this.time) return html`<time>${text}</time>`;
    return html`<time class="time" data-time=${this.time}>${text}</time>`;
  }
}

/** Paper: somebody changed something. */
class ChangeSlip extends Part {
  static properties = { drawing: {}, text: {} };

  constructor() {
    super();
    /** @type {string} */
    this.drawing = "";
    /** @type {string} */
    this.text = "";
  }

  render() {
    return html`<span class="tag-slip">${this.drawing ? icon(this.drawing) : nothing}${this.text}</span>`;
  }
}

const SIGNS = { less: "less", plus: "plus", change: "tilde" };

/** A chosen way of making a dish. */
class DishModifier extends Part {
  static properties = { modifier: { attribute: false } };

  constructor() {
    super();
    /** @type {Modifier | null} */
    this.modifier = null;
  }

  render() {
    if (!this.modifier) return nothing;
    const { name: text, sign, allergen: danger } = this.modifier;
    return html`<span class="mod" data-kind=${danger ? "allergen" : sign}>
      <span class="sign">${icon(SIGNS[sign])}</span><span>${name(text)}</span>
    </span>`;
  }
}

/** What the guest must not eat. */
class AllergenBar extends Part {
  static properties = { allergens: { attribute: false } };

  constructor() {
    super();
    /** @type {string[]} */
    this.allergens = [];
  }

  render() {
    if (!this.allergens.length) return nothing;
    const what = this.allergens.map(allergen).join(say("comma"));
    return html`<p class="allergen">${icon("hazard")}${say("allergy", { what })}</p>`;
  }
}

/** How old the picture is, in seconds. */
class LinkHealth extends Part {
  static properties = { link: { attribute: false } };

  constructor() {
    super();
    /** @type {Link | null} */
    this.link = null;
  }

  subscribe() {
    return [clock.onTick(() => this.requestUpdate())];
  }

  render() {
    if (!this.link) return nothing;
    const health = this.link.health();
    const age = this.link.ageS();
    const seconds = age < SHOW_TENTHS_S ? age.toFixed(1) : String(Math.floor(age));
    return html`<span class="link" data-link=${health}>
      ${icon(health === "lost" ? "cut" : "linked")}${say(HEALTH[health])} <b>${seconds} s</b>
    </span>`;
  }
}
const SHOW_TENTHS_S = 5;
const HEALTH = /** @type {const} */ ({ ok: "linked", slow: "slow", lost: "no_link" });

/** Over everything while the browser blocks sound: any touch or key opens it, and does nothing else. */
class SoundGate extends Part {
  static properties = { voice: { attribute: false }, why: {} };

  constructor() {
    super();
    /** @type {Voice | null} */
    this.voice = null;
    /** One sentence: what is missed without sound. @type {string} */
    this.why = "";
  }

  subscribe() {
    const unlock = (/** @type {globalThis.Event} */ event) => this.#unlock(event);
    for (const kind of KINDS) window.addEventListener(kind, unlock, { capture: true });
    const ends = KINDS.map((kind) => () => window.removeEventListener(kind, unlock, { capture: true }));
    return this.voice ? [...ends, this.voice.changed.on(() => this.requestUpdate())] : ends;
  }

  /** @param {globalThis.Event} event */
  #unlock(event) {
    if (this.voice?.state !== "blocked") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type !== "pointerdown") void this.voice.unlock();
  }

  render() {
    if (this.voice?.state !== "blocked") return nothing;
    return html`<button class="gate">
      <span>${icon("speaker")}<b>${say("gate")}</b><small>${this.why || say("gate_why")}</small></span>
    </button>`;
  }
}
const KINDS = ["pointerdown", "click", "keydown"];

/** Which key does this. */
class KeyCap extends Part {
  static properties = { key: {} };

  constructor() {
    super();
    /** @type {string} */
    this.key = "";
  }

  render() {
    return html`<span class="key">${this.key}</span>`;
  }
}

customElements.define("place-plate", PlacePlate);
customElements.define("state-mark", StateMark);
customElements.define("stage-clock", StageClock);
customElements.define("change-slip", ChangeSlip);
customElements.define("dish-modifier", DishModifier);
customElements.define("allergen-bar", AllergenBar);
customElements.define("link-health", LinkHealth);
customElements.define("sound-gate", SoundGate);
customElements.define("key-cap", KeyCap);

// How a page of the family opens: paired → the screen, not paired → the pairing page, stopped → why.
// One of them is in <body> at a time.

import { beginAnewAtNight, followVersion, keepAwake, keepShell, ownVersion } from "./awake.js";
import { clock } from "./clock.js";
import { Part } from "./elements.js";
import { wallClock } from "./format.js";
import { lang } from "./i18n.js";
import { icon } from "./icons.js";
import { givenCode, pairedToken, Screen, setPairedToken } from "./screen.js";
import { showItself } from "./sought.js";
import { html, nothing } from "./vendor/lit.js";
import { say } from "./words.js";
import "./pairing.js";

const FORGET = new Set(["bad_token", "not_paired", "unpaired"]);
/** Which page a kind of device is. @type {Record<string, string>} */
const APPS = { kitchen: "kds", waiter: "pad", guest: "pad", cashier: "cashier", call_screen: "screen", monitor: "monitor" };
const ASK_VERSION_EVERY_MS = 10 * 60 * 1000;

/**
 * Open a page. `show` makes the element for a paired screen; it is put into <body> and taken out again.
 * @param {{app: string, kind: string, capabilities?: string[], show: (screen: Screen) => HTMLElement}} page
 *   kind: what the pairing page asks for: "kitchen", "waiter", "cashier", "call_screen", "monitor"
 */
export function openPage(page) {
  keepAwake();
  keepShell(location.pathname.split("/")[1]);
  const code = givenCode();
  const token = pairedToken(page.app);
  if (token && !code) openScreen(page, token);
  else openPairing(page, "", code);
}

/** @param {Parameters<typeof openPage>[0]} page @param {string} token */
function openScreen(page, token) {
  const screen = new Screen({ app: page.app, version: ownVersion() ?? "", token, capabilities: page.capabilities });
  const mayReload = () => screen.outbox.waiting.length === 0 && screen.link.health() === "ok";
  const ask = () => {
    if (screen.link.state === "stopped") return; // a page loaded anew takes over from the screen that replaced it
    void followVersion(() => screen.outbox.waiting.length === 0);
    const { view } = screen;
    if (view) beginAnewAtNight(Number(wallClock(clock.nowMs(), view.shop.timezone).hm.slice(0, 2)), mayReload);
  };
  const timer = window.setInterval(ask, ASK_VERSION_EVERY_MS);
  const endHearing = screen.link.changed.on(({ state, stopped }) => {
    if (state === "open") ask();
    if (state !== "stopped" || !stopped) return;
    if (FORGET.has(stopped.reason)) {
      setPairedToken(page.app, null);
      endHearing();
      screen.stop();
      window.clearInterval(timer);
      openPairing(page, stopped.reason);
    } else put(stoppedPage(screen));
  });
  screen.happened.on((event) => event.kind === "DeviceSought" && showItself(event, screen));
  put(page.show(screen));
  screen.start();
  Object.assign(window, {
    chuancai: { stateHash: () => screen.stateHash(), view: () => screen.view, link: screen.link, screen },
  });
}

/**
 * @param {Parameters<typeof openPage>[0]} page
 * @param {string} why the close reason that led here, or ""
 * @param {string} [code] a code to try at once
 */
function openPairing(page, why, code = "") {
  const pairing = /** @type {import("./pairing.js").PairingPage} */ (document.createElement("pairing-page"));
  pairing.kind = page.kind;
  pairing.why = why;
  pairing.code = code;
  pairing.addEventListener("paired", (event) => {
    const { token, device } = /** @type {CustomEvent<{token: string, device: {kind: string}}>} */ (event).detail;
    // two pages may be for one kind: a cash desk and a register
    const app = device.kind === page.kind ? page.app : (APPS[device.kind] ?? page.app);
    setPairedToken(app, token);
    if (app === page.app) openScreen(page, token);
    else location.assign(`/${app}/${location.search}`); // the code says what this screen is, not the address
  });
  put(pairing);
}

/** @param {HTMLElement} element */
function put(element) {
  document.body.replaceChildren(element);
}

/** @param {Screen} screen */
function stoppedPage(screen) {
  const page = /** @type {StoppedPage} */ (document.createElement("stopped-page"));
  page.screen = screen;
  return page;
}

/** The link may not come back by itself: say why, and what a person can do. */
class StoppedPage extends Part {
  static properties = { screen: { attribute: false } };

  constructor() {
    super();
    /** @type {Screen | null} */
    this.screen = null;
  }

  subscribe() {
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") location.reload();
    };
    window.addEventListener("keydown", press);
    return [() => window.removeEventListener("keydown", press)];
  }

  render() {
    const why = this.screen?.link.stopped;
    if (!why) return nothing;
    const replaced = why.reason === "replaced";
    return html`<main class="stopped">
      ${icon("cut")}
      <h1>${say("stopped")}</h1>
      <p>${lang() === "zh" ? why.zh : why.reason.replaceAll("_", " ")} · ${why.code}</p>
      <p>${say(replaced ? "replaced_help" : "bad_frame_help")}</p>
      <button class="btn" data-kind="go" @click=${() => location.reload()}>
        ${say(replaced ? "take_over" : "reload")}<key-cap .key=${"Enter"}></key-cap>
      </button>
    </main>`;
  }
}
customElements.define("stopped-page", StoppedPage);

// First run of any screen: type the manager's eight digits, or show eight digits to the manager.
// By finger, number pad or bump bar. Ends with the event `paired` {token, device}. Refuses to keep the token.

import { Part } from "./elements.js";
import { dictionary, lang, toggleLang } from "./i18n.js";
import { icon } from "./icons.js";
import { REFUSALS } from "./refusals.js";
import { html, nothing } from "./vendor/lit.js";
import { say as shared } from "./words.js";

const DIGITS = 8;
const POLL_MS = 2_000;
const CLOCK_OFF_MIN = 1; // minutes; below this nobody needs to know

const say = dictionary({
  zh: {
    title: "配对这块屏", type_1: "请管理员生成一个配对码，", type_2: "把那 8 位数字输入到这里。",
    show_1: "请把这里的 8 位码告诉管理员，", show_2: "由管理员确认这块屏。",
    valid: "码 10 分钟内有效，只能用一次", left: "，还可以试 {n} 次", clear: "清空", erase: "退格",
    found: "已找到服务器 {host}，{s} s", lost: "找不到服务器 {host}，正在重试",
    clock_ok: "时间跟随服务器", clock_fast: "时间跟随服务器，这块屏的钟快了 {n} 分钟，不影响",
    clock_slow: "时间跟随服务器，这块屏的钟慢了 {n} 分钟，不影响",
    https: "连接已加密，屏幕保持常亮", local: "服务器就在本机，屏幕保持常亮", http: "当前是 http：浏览器不许保持常亮，请在系统设置里关掉休眠",
    foot: "配对后，这块屏是厨房屏、平板还是叫号屏，由码决定", to_show: "没有键盘？显示码", to_type: "输入码",
    other_lang: "English", checking: "正在核对…", waiting: "等待管理员确认…", making: "正在取码…",
    bad_token: "这块屏的配对已失效，请重新配对", not_paired: "这块屏还没有配对", unpaired: "管理员已解除这块屏的配对",
  },
  en: {
    title: "Pair this screen", type_1: "Ask the manager for a pairing code",
    type_2: "and type its 8 digits here.", show_1: "Read these 8 digits to the manager,",
    show_2: "who confirms this screen.", valid: "A code is valid for 10 minutes and works once",
    left: ", tries left: {n}", clear: "Clear", erase: "Backspace",
    found: "Server found: {host}, {s} s", lost: "Server {host} not found, trying again",
    clock_ok: "Time comes from the server", clock_fast: "Time comes from the server; this screen's clock is {n} min fast, no matter",
    clock_slow: "Time comes from the server; this screen's clock is {n} min slow, no matter",
    https: "Encrypted; the screen stays on", local: "The server is on this machine; the screen stays on", http: "This is http: the browser may let the screen go dark; switch sleep off in the system settings",
    foot: "The code decides whether this becomes a kitchen screen, a pad or a call screen",
    to_show: "No keys? Show a code", to_type: "Type a code", other_lang: "中文", checking: "Checking…",
    waiting: "Waiting for the manager…", making: "Getting a code…",
    bad_token: "The pairing of this screen is no longer valid; pair it again", not_paired: "This screen is not paired yet",
    unpaired: "The manager has unpaired this screen",
  },
});

/** @param {string} path @param {RequestInit} [how] @returns {Promise<{ok: boolean, body: any, headers: Headers}>} */
async function ask(path, how) {
  const response = await fetch(path, { cache: "no-store", ...how });
  return { ok: response.ok, body: await response.json(), headers: response.headers };
}

/** @param {string} path @param {object} body */
const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export class PairingPage extends Part {
  static properties = {
    kind: {}, why: {}, code: {}, typed: { state: true }, busy: { state: true }, wrong: { state: true }, offer: { state: true },
    server: { state: true },
  };

  constructor() {
    super();
    /** What to ask for when showing a code: "kitchen", "waiter", "guest". @type {string} */
    this.kind = "kitchen";
    /** The close reason that led here. @type {string} */
    this.why = "";
    /** A code the address brought: tried at once, as if typed. @type {string} */
    this.code = "";
    this.typed = "";
    this.busy = false;
    /** @type {{code: string, left?: number} | null} */
    this.wrong = null;
    /** @type {{offer_id: string, code: string, secret: string} | "making" | null} */
    this.offer = null;
    /** @type {{roundTripS: number, clockOffMin: number} | "lost" | null} */
    this.server = null;
  }

  subscribe() {
    const press = (/** @type {KeyboardEvent} */ event) => this.#press(event);
    window.addEventListener("keydown", press);
    const { dataset } = document.documentElement;
    const pagesTheme = dataset.theme;
    dataset.theme = "light";
    const poll = window.setInterval(() => void this.#poll(), POLL_MS);
    void this.#check();
    if (this.code) {
      this.typed = this.code;
      this.code = "";
      void this.#claim();
    }
    return [
      () => window.removeEventListener("keydown", press),
      () => window.clearInterval(poll),
      () => void (dataset.theme = pagesTheme), // the screen that follows is as it was made
    ];
  }

  /** Is the server there, how quick, and how wrong is our own clock? */
  async #check() {
    const start = performance.now();
    try {
      const { headers } = await fetch("/healthz", { cache: "no-store" });
      const said = Date.parse(headers.get("date") ?? "");
      const clockOffMin = Number.isNaN(said) ? 0 : Math.round((Date.now() - said) / 60_000);
      this.server = { roundTripS: (performance.now() - start) / 1000, clockOffMin };
    } catch {
      this.server = "lost"; // asked again with the next poll
    }
  }

  async #poll() {
    if (this.server === "lost") await this.#check();
    if (!this.offer || this.offer === "making") return;
    const { offer_id: id, secret } = this.offer;
    try {
      const { ok, body } = await ask(`/v1/pairing/offers/${id}`, { headers: { authorization: `Bearer ${secret}` } });
      if (ok && body.state === "confirmed") this.#paired(body);
      // A server that is busy for a moment keeps the offer; only one that is over is made anew.
      else if (body.state === "expired" || body.code === "bad_token") await this.#makeOffer();
    } catch {
      this.server = "lost";
    }
  }

  async #makeOffer() {
    this.offer = "making";
    try {
      const { ok, body } = await post("/v1/pairing/offers", { kind: this.kind });
      this.offer = ok ? body : null;
      this.wrong = ok ? null : { code: body.code };
    } catch {
      this.offer = null;
      this.server = "lost";
    }
  }

  async #claim() {
    this.busy = true;
    try {
      const { ok, body } = await post("/v1/pairing/claims", { code: this.typed });
      if (ok) return this.#paired(body);
      this.wrong = { code: body.code, left: body.facts?.tries_left };
    } catch {
      this.server = "lost";
    }
    this.busy = false;
    this.typed = "";
  }

  /** @param {{token: string}} detail */
  #paired(detail) {
    this.dispatchEvent(new CustomEvent("paired", { detail }));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) this.#digit(event.key);
    else if (event.key === "Backspace") this.#erase();
    else if (event.key === "Escape") this.typed = "";
    else if (event.key === "*") this.#switchWay();
    else if (event.key.toLowerCase() === "l") toggleLang();
    else return;
    event.preventDefault();
  }

  /** @param {string} digit */
  #digit(digit) {
    if (this.offer || this.busy || this.typed.length >= DIGITS) return;
    this.typed += digit;
    if (this.typed.length === DIGITS) void this.#claim();
  }

  #erase() {
    if (!this.busy) this.typed = this.typed.slice(0, -1);
  }

  #switchWay() {
    this.wrong = null;
    if (this.offer) this.offer = null;
    else void this.#makeOffer();
  }

  render() {
    const showing = this.offer !== null;
    return html`<div class="pairing" ?data-showing=${showing}>
      <main class="say">
        <p class="brand">${icon("brand")}${shared("brand")}</p>
        <h1>${say("title")}</h1>
        <p>${say(showing ? "show_1" : "type_1")}<br />${say(showing ? "show_2" : "type_2")}</p>
        ${this.#digits(showing)} ${this.#below(showing)} ${this.#selfCheck()}
      </main>
      ${showing ? nothing : this.#numberPad()}
      <footer class="foot">
        <span>${say("foot")}</span>
        <div class="end">
          <button class="btn" @click=${toggleLang}><span class="key">L</span>${say("other_lang")}</button>
          <button class="btn" @click=${() => this.#switchWay()}>
            <span class="key">*</span>${say(showing ? "to_type" : "to_show")}
          </button>
        </div>
      </footer>
    </div>`;
  }

  /** @param {boolean} showing */
  #digits(showing) {
    const shown = this.offer && this.offer !== "making" ? this.offer.code : "";
    const digits = showing ? shown : this.typed;
    const box = (/** @type {number} */ i) =>
      html`<i class=${!showing && i === digits.length && !this.busy ? "here" : ""}>${digits[i] ?? ""}</i>`;
    return html`<div class="code" role="status" aria-label=${digits}>
      ${[0, 1, 2, 3].map(box)}<span></span>${[4, 5, 6, 7].map(box)}
    </div>`;
  }

  /** @param {boolean} showing */
  #below(showing) {
    const { wrong } = this;
    const left = wrong?.left === undefined ? "" : say("left", { n: wrong.left });
    const why = wrong ? (REFUSALS[wrong.code]?.[lang()] ?? wrong.code) + left : this.#whyHere();
    const doing = showing ? say(this.offer === "making" ? "making" : "waiting") : this.busy ? say("checking") : "";
    return html`<p class="left">
      ${why ? html`<span class="bad">${icon("late")}${why}</span>` : nothing}
      <span>${doing || say("valid")}</span>
    </p>`;
  }

  #whyHere() {
    if (this.why === "bad_token" || this.why === "not_paired" || this.why === "unpaired") return say(this.why);
    return "";
  }

  #selfCheck() {
    const { host } = location;
    const { server } = this;
    const line = (/** @type {"ok" | "note"} */ as, /** @type {string} */ text) =>
      html`<li data-as=${as}>${icon(as === "ok" ? "tick" : "late")}${text}</li>`;
    if (server === "lost") return html`<ul class="found">${line("note", say("lost", { host }))}</ul>`;
    if (!server) return html`<ul class="found"></ul>`;
    const off = server.clockOffMin;
    const offWord = off > 0 ? "clock_fast" : "clock_slow";
    const clockSays = Math.abs(off) < CLOCK_OFF_MIN ? say("clock_ok") : say(offWord, { n: Math.abs(off) });
    return html`<ul class="found">
      ${line("ok", say("found", { host, s: server.roundTripS.toFixed(1) }))} ${line("ok", clockSays)}
      ${window.isSecureContext ? line("ok", say(location.protocol === "https:" ? "https" : "local")) : line("note", say("http"))}
    </ul>`;
  }

  #numberPad() {
    const digit = (/** @type {string} */ d) => html`<button @click=${() => this.#digit(d)}>${d}</button>`;
    return html`<div class="keys">
      ${[..."123456789"].map(digit)}
      <button class="soft" @click=${() => (this.typed = "")}>${say("clear")}</button>
      ${digit("0")}
      <button class="soft" aria-label=${say("erase")} @click=${() => this.#erase()}>${icon("back")}</button>
    </div>`;
  }
}
customElements.define("pairing-page", PairingPage);

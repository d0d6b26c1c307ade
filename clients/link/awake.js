// Keeps the screen lit where the browser can (secure pages only), and the page as new as the server.

import { clock } from "./clock.js";

/** Hold a wake lock while the page is looked at; returns the end of it. On plain http: nothing to hold. */
export function keepAwake() {
  if (!("wakeLock" in navigator)) return () => {};
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  let ended = false;
  const hold = () => {
    if (document.visibilityState !== "visible") return;
    navigator.wakeLock.request("screen").then(
      (held) => {
        lock = held;
        if (ended) void held.release();
      },
      (error) => console.warn("the screen may go dark", error), // battery saver says no
    );
  };
  document.addEventListener("visibilitychange", hold);
  hold();
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
}

const VERSION_HEADER = "x-chuancai-version";
const QUIET_MS = 10_000;
const RELOADED_FOR = "chuancai.reloaded-for";
const RELOAD_AGAIN_MS = 10 * 60_000; // a house that went away during the reload left the old page: try again, not at once
/** Of which version this page is, where the browser tells: a page kept on the device is older than the house. @type {string | null} */
let loadedVersion = ownVersion();
let touchedAtMs = -QUIET_MS;
for (const kind of ["pointerdown", "keydown"]) {
  window.addEventListener(kind, () => (touchedAtMs = performance.now()), { capture: true, passive: true });
}

/**
 * Ask the server which version of the screens it has, and load it in a quiet moment when it is another one.
 * Call after each welcome and from time to time; `mayReload` says whether nothing would be lost.
 * @param {() => boolean} mayReload
 */
export async function followVersion(mayReload) {
  let version;
  try {
    version = (await fetch(location.pathname, { method: "HEAD", cache: "no-store" })).headers.get(VERSION_HEADER);
  } catch {
    return; // no server now: the next welcome asks again
  }
  if (!version) return;
  loadedVersion ??= version;
  if (version === loadedVersion) return;
  if (!mayReload() || performance.now() - touchedAtMs <= QUIET_MS) return;
  const [tried, atMs] = (sessionStorage.getItem(RELOADED_FOR) ?? "").split(" ");
  const sinceMs = clock.nowMs() - Number(atMs ?? 0);
  if (tried === version && sinceMs >= 0 && sinceMs < RELOAD_AGAIN_MS) return; // something between may keep the old one
  sessionStorage.setItem(RELOADED_FOR, `${version} ${Math.round(clock.nowMs())}`);
  location.reload();
}

/** Of which version this page is; null where the browser does not tell. @returns {string | null} */
export function ownVersion() {
  const [opened] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return opened?.serverTiming?.find((one) => one.name === "screens")?.description ?? null;
}

const KEEP_AFTER_MS = 10_000;
const KEEP_AGAIN_MS = 10 * 60_000; // an update that was under way, or a full disk: what failed is asked for again

/**
 * Keep this screen's files on the device, so that it opens while the house is away. Secure pages only; it waits
 * until the screen has come up, and looks again from time to time whether they are of the house's version.
 * @param {string} app the folder of the page: "kds", "pad" …
 */
export function keepShell(app, afterMs = KEEP_AFTER_MS, againMs = KEEP_AGAIN_MS) {
  if (!("serviceWorker" in navigator)) return;
  const keep = async () => {
    try {
      await navigator.serviceWorker.register("/shell.js", { scope: "/", updateViaCache: "none" });
      (await navigator.serviceWorker.ready).active?.postMessage({ keep: app });
    } catch (error) {
      console.warn("the screen is not kept on this device", error); // no room, or private browsing
    }
    window.setTimeout(keep, againMs);
  };
  window.setTimeout(keep, afterMs);
}

const NIGHT_HOUR = 4; // the shop's clock: after the day's end at three, before anybody comes
const UP_MS_MIN = 20 * 3_600_000;
const UNTOUCHED_MS = 10 * 60_000;

/**
 * Begin the page anew once a night: a browser that runs for months grows. Call from time to time.
 * @param {number} hour the shop's hour now @param {() => boolean} mayReload whether nothing would be lost
 */
export function beginAnewAtNight(hour, mayReload) {
  const upMs = performance.now();
  const isQuiet = upMs - touchedAtMs > UNTOUCHED_MS;
  if (hour === NIGHT_HOUR && upMs > UP_MS_MIN && isQuiet && mayReload()) location.reload();
}

// Runs in a board's page: how long frames and answers to a finger take, and when which dish changed. Changes nothing there.
(() => {
  const AFTER_TAP_MS = 1000;
  const CHANGES_MAX = 5000;
  /** frames: ms of frames soon after taps; painted, answered: ms from the finger; taps, changes: "dish state" → epoch ms */
  const watched = { frames: [], painted: [], answered: [], taps: new Map(), changes: new Map() };
  window.watched = watched;
  const epochMs = (ms) => performance.timeOrigin + ms;
  const inFrame = (seen) => requestAnimationFrame(() => seen(performance.now()));
  let tapped = { row: null, atMs: -Infinity };
  let lastMs = performance.now();
  const frame = (nowMs) => {
    if (nowMs - tapped.atMs < AFTER_TAP_MS) watched.frames.push(nowMs - lastMs);
    lastMs = nowMs;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const finger = ({ target, timeStamp }) => {
    const row = target.closest("[data-item]");
    tapped = { row, atMs: timeStamp };
    if (!row) return;
    watched.taps.set(`${row.dataset.item} ${row.dataset.state}`, epochMs(timeStamp));
    inFrame((nowMs) => watched.painted.push(nowMs - timeStamp));
  };
  const note = ({ type, attributeName, target }) => {
    const row = (target instanceof Element ? target : target.parentElement)?.closest("[data-item]");
    if (!row) return;
    if (tapped.row === row) {
      const { atMs } = tapped;
      tapped.row = null;
      inFrame((nowMs) => watched.answered.push(nowMs - atMs));
    }
    if (type !== "attributes" || attributeName !== "data-state") return;
    const change = `${row.dataset.item} ${row.dataset.state}`;
    inFrame((nowMs) => watched.changes.set(change, epochMs(nowMs)));
    if (watched.changes.size > CHANGES_MAX) watched.changes.delete(watched.changes.keys().next().value);
  };
  addEventListener("pointerdown", finger, true);
  addEventListener("DOMContentLoaded", () => {
    const every = { subtree: true, childList: true, attributes: true, characterData: true };
    new MutationObserver((changes) => changes.forEach(note)).observe(document.body, every);
  });
})();

// Whether a finger is on the board: then nothing is painted anew, so no row slips away under it.
// Refuses to wait for ever: a sleeve on the glass holds the picture for a few seconds only.

const HELD_MS_MAX = 3_000;
// A touch becomes a click only after the finger went, and lands on what lies there then. A click ends the wait.
const LANDS_MS = 60;

export class Finger {
  down = false;
  #board;
  #timer = 0;

  /** @param {HTMLElement & {requestUpdate: () => void}} board */
  constructor(board) {
    this.#board = board;
  }

  /** Watch fingers until the returned function is called. */
  listen() {
    const press = () => {
      this.down = true;
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(lift, HELD_MS_MAX);
    };
    const leave = () => {
      if (!this.down) return;
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(lift, LANDS_MS);
    };
    const lift = () => {
      window.clearTimeout(this.#timer);
      if (!this.down) return;
      this.down = false;
      this.#board.requestUpdate();
    };
    const ends = ["pointerup", "pointercancel", "blur"];
    this.#board.addEventListener("pointerdown", press);
    this.#board.addEventListener("click", lift);
    for (const end of ends) window.addEventListener(end, leave);
    return () => {
      lift();
      this.#board.removeEventListener("pointerdown", press);
      this.#board.removeEventListener("click", lift);
      for (const end of ends) window.removeEventListener(end, leave);
    };
  }
}

// Whether a finger is on the board: then nothing is painted anew, so no row slips away under it.
// Refuses to wait for ever: a sleeve on the glass holds the picture for a few seconds only.

const HELD_MS_MAX = 3_000;

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
    const lift = () => {
      window.clearTimeout(this.#timer);
      if (!this.down) return;
      this.down = false;
      this.#board.requestUpdate();
    };
    const ends = ["pointerup", "pointercancel", "blur"];
    this.#board.addEventListener("pointerdown", press);
    for (const end of ends) window.addEventListener(end, lift);
    return () => {
      lift();
      this.#board.removeEventListener("pointerdown", press);
      for (const end of ends) window.removeEventListener(end, lift);
    };
  }
}

// A value's "it changed" bell: subscribe, get back the function that ends it.

/** @template T */
export class Signal {
  /** @type {Set<(value: T) => void>} */
  #heard = new Set();

  /** Hear every `emit` until the returned function is called. @param {(value: T) => void} fn */
  on(fn) {
    this.#heard.add(fn);
    return () => {
      this.#heard.delete(fn);
    };
  }

  /** @param {T} value */
  emit(value) {
    for (const fn of [...this.#heard]) fn(value);
  }
}

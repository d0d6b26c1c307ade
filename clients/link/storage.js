// Where kept commands lie: IndexedDB where the browser allows it, else localStorage, else memory.
// Refuses to lose order: `all` answers in the order of `n`.

/**
 * @typedef {{id: string, n: number, [more: string]: unknown}} Kept
 * @typedef {{all(): Promise<any[]>, put(entry: Kept): Promise<void>, remove(id: string): Promise<void>, kind: string}} Shelf
 */

const STORE = "outbox";

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} name @returns {Promise<Shelf>} */
async function openDatabase(name) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
  const db = await answered(opening);
  const store = (/** @type {IDBTransactionMode} */ mode) => db.transaction(STORE, mode).objectStore(STORE);
  return {
    kind: "indexeddb",
    all: async () => (await answered(store("readonly").getAll())).sort((a, b) => a.n - b.n),
    put: async (entry) => void (await answered(store("readwrite").put(entry))),
    remove: async (id) => void (await answered(store("readwrite").delete(id))),
  };
}

/** @param {Map<string, any>} entries @param {string} kind @param {() => void} save @returns {Shelf} */
function mapShelf(entries, kind, save) {
  return {
    kind,
    all: async () => [...entries.values()].sort((a, b) => a.n - b.n),
    put: async (entry) => {
      entries.set(entry.id, entry);
      save();
    },
    remove: async (id) => {
      entries.delete(id);
      save();
    },
  };
}

/** @param {string} name @returns {Shelf} */
function localShelf(name) {
  const entries = new Map(Object.entries(JSON.parse(localStorage.getItem(name) ?? "{}")));
  const save = () => localStorage.setItem(name, JSON.stringify(Object.fromEntries(entries)));
  save(); // throws where storage is forbidden
  return mapShelf(entries, "local", save);
}

/** The best shelf this browser has. @param {string} name @returns {Promise<Shelf>} */
export async function openShelf(name) {
  try {
    return await openDatabase(name);
  } catch (error) {
    console.warn("IndexedDB is not usable, kept commands go to localStorage", error);
  }
  try {
    return localShelf(name);
  } catch (error) {
    console.warn("localStorage is not usable, kept commands live until the page is closed", error);
  }
  return mapShelf(new Map(), "memory", () => {});
}

/** A remembered word, or null where the browser remembers nothing. @param {string} key */
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is forbidden: the page lives without
  }
}

/** Remember a word; null forgets it. @param {string} key @param {string | null} value */
export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch (error) {
    console.warn(`cannot remember ${key}`, error);
  }
}

// The service worker of all screens, served at /shell.js: a screen that reloads while the house is away shows itself.
// The network first, always: what is kept is a whole set of files of one version, and is used only when the
// house does not answer. A page from it says of which version it is (Server-Timing), so that it makes
// way as soon as the house is back. Refuses to keep answers of doors, and to mix versions: which page came from
// which set is written down, because a browser ends a worker that has nothing to do and starts another.

const worker = /** @type {any} */ (self);
const VERSION_HEADER = "x-chuancai-version";
const ANSWER_MS_MAX = 5_000;
const AWAY = new Set([502, 503, 504]); // a proxy's word for it
const SETS = "shell "; // what the names of kept sets begin with
const OPENED = "opened from shells"; // one entry a page: its client's id → the set's name
const OPENED_MAX = 50;
/** Pages opened from a kept set → its name; null until what an earlier worker wrote down was read. @type {Map<string, string> | null} */
let opened = null;
const openedRead = readOpened().then((found) => (opened = found));

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (typeof event.data?.keep === "string") event.waitUntil(keep(event.data.keep));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const request = /** @type {Request} */ (event.request);
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, event.resultingClientId));
  else if (!opened || opened.has(event.clientId)) event.respondWith(file(request, event.clientId));
});

/** @param {Request} request @param {string} client */
async function page(request, client) {
  const found = await keptFor(request);
  if (!found) return fetch(request); // no screen of ours: a long report may take its time
  const away = new AbortController();
  const timer = setTimeout(() => away.abort(), ANSWER_MS_MAX);
  try {
    const answer = await fetch(request, { signal: away.signal });
    if (!AWAY.has(answer.status)) return answer;
  } catch {
    // No house: what is kept is all there is.
  } finally {
    clearTimeout(timer);
  }
  await noteOpened(client, found.name);
  return found.kept;
}

/** The newest set that has the page, which is put into a set last. @param {Request} request */
async function keptFor(request) {
  for (const name of (await sets()).reverse()) {
    const kept = await caches.match(request, { cacheName: name, ignoreSearch: true });
    if (kept) return { name, kept };
  }
  return null;
}

/** Names of kept sets, the oldest first. */
const sets = async () => (await caches.keys()).filter((name) => name.startsWith(SETS));

/** @param {Request} request @param {string} client */
async function file(request, client) {
  const name = (await openedRead).get(client);
  const kept = name && (await caches.match(request, { cacheName: name, ignoreSearch: true }));
  return kept || fetch(request);
}

/** @returns {Promise<Map<string, string>>} */
async function readOpened() {
  const found = new Map();
  try {
    const cache = await caches.open(OPENED);
    for (const { url } of await cache.keys()) {
      const client = decodeURIComponent(new URL(url).pathname.slice(1));
      found.set(client, (await (await cache.match(url))?.text()) ?? "");
    }
  } catch (error) {
    console.warn("which pages came from the device is not known", error); // no storage
  }
  return found;
}

/** Write down from which set a page was opened; pages that were closed are forgotten. @param {string} client @param {string} name */
async function noteOpened(client, name) {
  const known = await openedRead;
  known.set(client, name);
  const there = await Promise.all([...known.keys()].map(async (id) => [id, id === client || (await worker.clients.get(id))]));
  const gone = there.filter(([, one]) => !one).map(([id]) => String(id));
  const over = [...known.keys()].filter((id) => !gone.includes(id)).slice(0, -OPENED_MAX);
  for (const id of [...gone, ...over]) known.delete(id);
  try {
    const cache = await caches.open(OPENED);
    await cache.put(`/${encodeURIComponent(client)}`, new Response(name));
    for (const id of [...gone, ...over]) await cache.delete(`/${encodeURIComponent(id)}`);
  } catch (error) {
    console.warn("from which files a page was opened is not written down", error); // no room: this worker knows it
  }
}

/**
 * Keep the files of one screen, all of one version or none; sets of other versions go, unless a page shows them still.
 * @param {string} app "kds", "pad" …
 */
async function keep(app) {
  const listed = await fetch(`/shell.json?app=${encodeURIComponent(app)}`, { cache: "no-store" });
  if (!listed.ok) return;
  const { version, files } = await listed.json();
  const [name, first] = [`${SETS}${app} ${version}`, `/${app}/`];
  if (!(await caches.match(first, { cacheName: name })) && !(await fill(name, first, version, files))) return;
  const used = new Set((await openedRead).values());
  for (const other of await sets()) {
    if (other.startsWith(`${SETS}${app} `) && other !== name && !used.has(other)) await caches.delete(other);
  }
}

/**
 * Put a set together; its page comes last, so that half a set opens nothing.
 * @param {string} name @param {string} first the page @param {string} version @param {string[]} files
 * @returns {Promise<boolean>} whether all of it is there
 */
async function fill(name, first, version, files) {
  const answers = await Promise.all(files.map((path) => fetch(path, { cache: "no-cache" })));
  if (answers.some((one) => !one.ok || one.headers.get(VERSION_HEADER) !== version)) return false; // an update just now: the page asks again
  const bodies = await Promise.all(answers.map((one) => one.blob()));
  const kept = await caches.open(name);
  const put = (/** @type {number} */ at) => kept.put(files[at], new Response(bodies[at], { headers: answers[at].headers }));
  try {
    await Promise.all(files.map((path, at) => (path === first ? null : put(at))));
    await put(files.indexOf(first));
  } catch (error) {
    await caches.delete(name); // no room: half a set is none
    throw error;
  }
  return true;
}

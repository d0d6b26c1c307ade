// The service worker of all screens, served at /shell.js: a screen that reloads while the house is away shows itself.
// The network first, always: what is kept is a whole set of files of one version, and is used only when the
// house does not answer. A page from it says of which version it is (Server-Timing), so that it makes
// way as soon as the house is back. Refuses to keep answers of doors, and to mix versions.

const worker = /** @type {any} */ (self);
const VERSION_HEADER = "x-chuancai-version";
const ANSWER_MS_MAX = 5_000;
const AWAY = new Set([502, 503, 504]); // a proxy's word for it
/** Pages opened from a kept set → its name; all their files come from the same. @type {Map<string, string>} */
const opened = new Map();
const OPENED_MAX = 50;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (typeof event.data?.keep === "string") event.waitUntil(keep(event.data.keep));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const request = /** @type {Request} */ (event.request);
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(page(request, event.resultingClientId));
    return;
  }
  const name = opened.get(event.clientId);
  if (name) event.respondWith(file(request, name));
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
  if (opened.size >= OPENED_MAX) opened.delete(/** @type {string} */ (opened.keys().next().value));
  opened.set(client, found.name);
  return found.kept;
}

/** @param {Request} request */
async function keptFor(request) {
  for (const name of await caches.keys()) {
    const kept = await (await caches.open(name)).match(request, { ignoreSearch: true });
    if (kept) return { name, kept };
  }
  return null;
}

/** @param {Request} request @param {string} name */
async function file(request, name) {
  return (await (await caches.open(name)).match(request, { ignoreSearch: true })) ?? fetch(request);
}

/**
 * Keep the files of one screen, all of one version or none; sets of other versions go.
 * @param {string} app "kds", "pad" …
 */
async function keep(app) {
  const listed = await fetch(`/shell.json?app=${encodeURIComponent(app)}`, { cache: "no-store" });
  if (!listed.ok) return;
  const { version, files } = await listed.json();
  const name = `shell ${app} ${version}`;
  if (await caches.has(name)) return;
  const answers = await Promise.all(files.map((/** @type {string} */ path) => fetch(path, { cache: "no-cache" })));
  if (answers.some((one) => !one.ok || one.headers.get(VERSION_HEADER) !== version)) return; // an update just now
  const bodies = await Promise.all(answers.map((one) => one.blob()));
  const kept = await caches.open(name);
  try {
    await Promise.all(
      bodies.map((body, at) => kept.put(files[at], new Response(body, { headers: answers[at].headers }))),
    );
  } catch (error) {
    await caches.delete(name); // no room: half a set is none
    throw error;
  }
  for (const other of await caches.keys()) {
    if (other.startsWith(`shell ${app} `) && other !== name) await caches.delete(other);
  }
}

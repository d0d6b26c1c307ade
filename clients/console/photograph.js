// A photograph made small before it is sent: a telephone's has ten megabytes, a screen shows a hundredth of them.
// Refuses to guess: what the browser cannot open is told as such.

const SIDE_PX_MAX = 1280; // as server/pictures/photograph.py
const QUALITY = 0.9;

/** The picture in base64, or null when it is none. @param {File} file @returns {Promise<string | null>} */
export async function shrunk(file) {
  const opened = await createImageBitmap(file).catch(() => null);
  if (!opened) return null;
  const scale = Math.min(1, SIDE_PX_MAX / Math.max(opened.width, opened.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(opened.width * scale)), Math.max(1, Math.round(opened.height * scale)));
  canvas.getContext("2d")?.drawImage(opened, 0, 0, canvas.width, canvas.height);
  opened.close();
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality: QUALITY })).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}
const CHUNK = 32_768; // arguments of one call

// SHA-256 in plain JavaScript: on plain http browsers hide crypto.subtle (FIPS 180-4, section 6.2).

/** The first `count` primes; their roots are the constants of the algorithm. @param {number} count */
function primes(count) {
  const found = [2];
  for (let n = 3; found.length < count; n += 2) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The first 32 bits of the fractional part. @param {number} root */
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;

const START = primes(8).map((p) => fraction(Math.sqrt(p)));
const ROUND = primes(64).map((p) => fraction(Math.cbrt(p)));

/** @param {number} x @param {number} by */
const turn = (x, by) => (x >>> by) | (x << (32 - by));

/** The message with its padding: a one bit, zeros, its length. @param {Uint8Array} bytes */
function padded(bytes) {
  const block = new DataView(new ArrayBuffer(((bytes.length + 72) >> 6) << 6));
  new Uint8Array(block.buffer).set(bytes);
  block.setUint8(bytes.length, 0x80);
  block.setUint32(block.byteLength - 8, Math.floor(bytes.length / 2 ** 29));
  block.setUint32(block.byteLength - 4, bytes.length << 3);
  return block;
}

/** Work one 64-byte block into the eight words of `hash`. @param {Int32Array} hash @param {Int32Array} w */
function compress(hash, w) {
  for (let i = 16; i < 64; i += 1) {
    const [x, y] = [w[i - 15], w[i - 2]];
    const low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i += 1) {
    const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i];
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => { hash[i] += word; });
}

/** The SHA-256 of a text's UTF-8 bytes, in hex. @param {string} text @returns {string} */
export function sha256(text) {
  const block = padded(new TextEncoder().encode(text));
  const hash = Int32Array.from(START);
  const w = new Int32Array(64);
  for (let at = 0; at < block.byteLength; at += 64) {
    for (let i = 0; i < 16; i += 1) w[i] = block.getInt32(at + i * 4);
    compress(hash, w);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

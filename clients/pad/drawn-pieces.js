/**
 * ◆ What drawn dishes are made of: porcelain and food seen from above, as SVG text.
 *
 * Every piece is drawn around (0, 0); `at` puts it somewhere. The canvas is 160 × 120, its middle
 * (80, 60). Nothing here is random: scattering is seeded, so that a dish looks the same every day.
 * Refuses to know dish names; those are in `drawings.js`.
 */

const BLUE = "#1b4c9c"; // 青花; the one line all porcelain of the house has

/** @param {number} n */
const r1 = (n) => Math.round(n * 10) / 10;

/** Put a piece somewhere. @param {number} x @param {number} y @param {string} body
 * @param {number} [turn] degrees @param {number} [size] @returns {string} */
export function at(x, y, body, turn = 0, size = 1) {
  const rotate = turn ? ` rotate(${r1(turn)})` : "";
  const scale = size === 1 ? "" : ` scale(${Math.round(size * 100) / 100})`;
  return `<g transform="translate(${r1(x)} ${r1(y)})${rotate}${scale}">${body}</g>`;
}

/** A repeatable stream of numbers in [0, 1). @param {number} seed @returns {() => number} */
export function dice(seed) {
  let a = seed * 2654435761;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Lay pieces evenly over a round plate, turned and nudged a little, the way a spoon leaves them.
 * @param {number} count @param {number} radius @param {number} seed
 * @param {(roll: () => number, index: number) => string} piece
 * @param {{flat?: number, size?: number}} [how] flat: height divided by width (bowls 1, ovals less)
 */
export function scatter(count, radius, seed, piece, { flat = 1, size = 1 } = {}) {
  const roll = dice(seed);
  let out = "";
  for (let i = 0; i < count; i += 1) {
    const far = radius * Math.sqrt((i + 0.5) / count);
    const angle = i * 2.39996 + seed;
    const x = 80 + far * Math.cos(angle) + (roll() - 0.5) * 5;
    const y = 60 + (far * Math.sin(angle) + (roll() - 0.5) * 5) * flat;
    const scale = size * (0.9 + roll() * 0.2);
    out += at(x, y, piece(roll, i), roll() * 360, scale);
  }
  return out;
}

/** Lay pieces in a ring, all looking outwards. @param {number} count @param {number} radius
 * @param {(index: number) => string} piece @param {number} [turn] @param {number} [tilt] */
export function ring(count, radius, piece, turn = 0, tilt = 0) {
  let out = "";
  for (let i = 0; i < count; i += 1) {
    const degrees = turn + (i * 360) / count;
    const angle = ((degrees - 90) * Math.PI) / 180;
    out += at(
      80 + radius * Math.cos(angle), 60 + radius * Math.sin(angle), piece(i), degrees + tilt,
    );
  }
  return out;
}

/** @param {number} x @param {number} y @param {number} r @param {string} fill @param {string} [more] */
export const disc = (x, y, r, fill, more = "") =>
  `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" ${more}/>`;

/** @param {string} d @param {string} colour @param {number} width */
export const line = (d, colour, width) =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

/** @param {string} d @param {string} fill @param {string} [edge] */
export const shape = (d, fill, edge) =>
  `<path d="${d}" fill="${fill}"${edge ? ` stroke="${edge}" stroke-width="1.2" stroke-linejoin="round"` : ""}/>`;

/** A block of food around the middle. @param {number} w @param {number} h @param {string} fill
 * @param {number} [round] @param {string} [edge] */
export const block = (w, h, fill, round = 3, edge) =>
  `<rect x="${-w / 2}" y="${-h / 2}" width="${w}" height="${h}" rx="${round}" fill="${fill}"${edge ? ` stroke="${edge}" stroke-width="1"` : ""}/>`;

// ── porcelain ──

const RIM = `stroke="${BLUE}" stroke-width="1.2"`;

/** The round plate with its ring of dots. */
export const plate = () =>
  disc(80, 60, 57, "#fff") + disc(80, 60, 52.5, "none", RIM) +
  disc(80, 60, 47.5, "none", `stroke="${BLUE}" stroke-opacity=".55" stroke-width="2.6" stroke-dasharray="1.2 5.43" stroke-linecap="round"`) +
  disc(80, 60, 41, "#f3f5f8");

/** The long plate for a fish. */
export const oval = () =>
  `<ellipse cx="80" cy="60" rx="77" ry="50" fill="#fff"/><ellipse cx="80" cy="60" rx="71.5" ry="45" fill="none" ${RIM}/><ellipse cx="80" cy="60" rx="60" ry="35.5" fill="#f3f5f8"/>`;

/** A bowl filled to the brim. @param {string} fill */
export const bowl = (fill) =>
  disc(80, 60, 57, "#fff") +
  disc(80, 60, 52.5, "none", `stroke="${BLUE}" stroke-width="5" stroke-opacity=".18"`) +
  disc(80, 60, 52.5, "none", RIM) + disc(80, 60, 45, fill);

/** A small deep bowl on its saucer. @param {string} fill */
export const smallBowl = (fill) =>
  disc(80, 60, 57, "#fff") + disc(80, 60, 53, "none", RIM) +
  disc(80, 60, 43, "#fff", `stroke="${BLUE}" stroke-opacity=".35" stroke-width="1"`) +
  disc(80, 60, 39, "none", `stroke="${BLUE}" stroke-width="3" stroke-opacity=".18"`) +
  disc(80, 60, 36, fill);

/** A clay pot with two ears. @param {string} fill */
export const pot = (fill) =>
  `<rect x="12" y="48" width="136" height="24" rx="12" fill="#7d5840"/>` +
  disc(80, 60, 55, "#8e674c") + disc(80, 60, 50, "#5b3f2e") + disc(80, 60, 45, "#3f2b20") +
  disc(80, 60, 42, fill);

/** A bamboo steamer. */
export const steamer = () => {
  let slats = "";
  for (let x = 44; x <= 116; x += 8) {
    const half = Math.sqrt(46 ** 2 - (x - 80) ** 2);
    slats += `M${x} ${r1(60 - half)}V${r1(60 + half)}`;
  }
  return disc(80, 60, 57, "#c99f5f") + disc(80, 60, 54, "#e5c78d") +
    disc(80, 60, 50.5, "none", 'stroke="#b98f4f" stroke-width="1.2"') +
    disc(80, 60, 46, "#f3e3bd") + line(slats, "#dfc48e", 1.6) +
    shape("M50 6h12v6H50zM98 108h12v6H98z", "#a97e42");
};

/** A drinking glass. @param {string} fill */
export const glass = (fill) =>
  disc(80, 60, 50, "#fff") + disc(80, 60, 46.5, "none", RIM) +
  disc(80, 60, 36, "#dfe8f2") + disc(80, 60, 33, fill);

/** A tray for things that are not eaten. */
export const tray = () =>
  `<rect x="9" y="11" width="142" height="98" rx="18" fill="#fff"/><rect x="14.5" y="16.5" width="131" height="87" rx="13.5" fill="none" ${RIM}/><rect x="21" y="23" width="118" height="74" rx="9" fill="#f3f5f8"/>`;

// ── food that many dishes share ──

export const scallion = () =>
  `<rect x="-3.5" y="-1.6" width="7" height="3.2" rx="1.6" fill="#5d8f47"/>`;
export const ringlet = () => disc(0, 0, 2.3, "none", 'stroke="#6f9d52" stroke-width="1.7"');
export const chilli = () => line("M-5-3q5 0 10 6", "#c23a26", 4);
export const peanut = () =>
  `<ellipse rx="5" ry="3.6" fill="#f0d9a8" stroke="#c9a260"/>`;
export const sesame = () => `<ellipse rx="1.7" ry="1" fill="#fbf3df"/>`;
export const goji = () => `<ellipse rx="2.8" ry="1.9" fill="#c9402c"/>`;
export const garlic = () => disc(0, 0, 2.4, "#fdf6e6", 'stroke="#e2d2a8"');
export const coriander = () =>
  line("M0 6V0", "#5d8f47", 1.6) +
  shape("M0 1C-5 2-7-2-4-4-4-8 4-8 4-4 7-2 5 2 0 1z", "#5d8f47");
export const oil = (/** @type {string} */ colour) => disc(0, 0, 2.6, colour, 'fill-opacity=".75"');
export const ice = () =>
  `<rect x="-7" y="-7" width="14" height="14" rx="3" fill="#fff" fill-opacity=".55" stroke="#fff" stroke-opacity=".85"/>`;

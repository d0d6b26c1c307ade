/**
 * ◆ The drawn dishes: name of a drawing → SVG text of 160 × 120, for `Dish.picture`.
 *
 * A shop without photographs still shows what a guest would get. An unknown name is an empty plate.
 * Refuses to be true to the gram: it shows colour, cut and vessel, so that dishes differ at a glance.
 */

import {
  at, block, bowl, chilli, coriander, disc, garlic, glass, goji, ice, line, oil, oval, peanut, plate,
  pot, ring, ringlet, scallion, scatter, sesame, shape, smallBowl, steamer, tray,
} from "./drawn-pieces.js";

// ── cuts ──

const dumpling = () =>
  shape("M-14 5C-12-9 12-9 14 5 7 11-7 11-14 5z", "#f4e6c9", "#cfb27c") +
  line("M-9-1.5-7 2M-4-4-3 .5M1-4.6 1.4.2M6-3.4 5 1", "#cfb27c", 1.2);
const shell = () =>
  shape("M0 15-15-3A15.5 14 0 0 1 15-3z", "#e8cfae", "#c09a6c") +
  line("M0 13-9-9M0 13-3-12M0 13 3-12M0 13 9-9", "#c09a6c", 1) +
  disc(0, -1, 6, "#fdf6e6") + disc(-1, -2, 2.2, "#e6c766");
const leaf = (/** @type {string} */ green) =>
  shape("M0 24C-14 8-11-14 0-24 11-14 14 8 0 24z", green) +
  line("M0 30V-14M0 6-6-2M0 6 6-2M0-4-4-10M0-4 4-10", "#dfe9cf", 2);
const cube = (/** @type {string} */ a, /** @type {string} */ b) =>
  (/** @type {() => number} */ roll) => block(13, 12, roll() < 0.5 ? a : b);
const cucumber = () =>
  shape("M-10 5A11 11 0 0 1 10 5z", "#3f7a3a") + shape("M-8 5A8.5 8.5 0 0 1 8 5z", "#dcebb6") +
  line("M-3 2v1M0 0v1M3 2v1", "#a9c777", 1.4);
const chickenSlice = () =>
  `<rect x="-6" y="-17" width="12" height="34" rx="5" fill="#f2dfb9"/><rect x="-6" y="-17" width="12" height="7" rx="3.5" fill="#d9a441"/>` +
  line("M-2-6V12M2-4V10", "#dcc391", 1);
const eggWedge = () =>
  shape("M-12 0C-8-9 8-9 12 0 8 4-8 4-12 0z", "#33433d") + shape("M-6-1C-3-6 3-6 6-1 3 2-3 2-6-1z", "#8a7a35");
const beefSlice = () =>
  `<ellipse rx="13" ry="17" fill="#8d5138"/><ellipse rx="13" ry="17" fill="none" stroke="#6b3522" stroke-width="1.4"/>` +
  line("M-6-8Q0-3 6-9M-7 0Q-2 4 0 0T8 1M-4 9Q1 5 5 9", "#d8a987", 1.8);
const woodEar = () =>
  shape("M-12 2C-13-8-4-12 2-9 9-12 14-4 10 2 13 9 3 12-2 8-8 11-12 8-12 2z", "#3a2a22") +
  line("M-7 1C-6-4-1-6 3-4M-2 5C2 5 6 3 7-1", "#6b5242", 1.6);
const glazedStrip = () =>
  block(24, 10, "#c4521f", 5) + line("M-8-2.5H2", "#f0a06a", 2);
const porkCube = () =>
  block(21, 20, "#a24e2b", 4) + `<rect x="-10.5" y="-10" width="21" height="6" rx="3" fill="#6d2413"/><rect x="-10.5" y="-4" width="21" height="4.5" fill="#ecc79b"/><rect x="-10.5" y="4" width="21" height="2.6" fill="#d59a6a"/>`;
const prawn = () =>
  line("M-9 8C-14-4-4-13 7-8", "#e98a5b", 9) + line("M-9 8C-14-4-4-13 7-8", "#f6b48b", 3.4) +
  line("M-13 2l4-1M-12-4l4 1.5M-8-9l2 4M-1-12v4", "#cf6a3e", 1.4) +
  shape("M-9 9-14 15-7 15-3 12z", "#d9683a") + line("M9-8q6 0 8 4M9-10q6-2 9 0", "#cf6a3e", 1.1);
const broccoli = () =>
  shape("M-3 3h6l2 10h-10z", "#a9c777") +
  [[-8, 0, 6], [8, 0, 6], [0, -6, 7], [-4, 4, 5], [5, 4, 5]]
    .map(([x, y, r]) => disc(x, y, r, "#3f7a3a")).join("") +
  [[-9, -2], [-3, -8], [4, -5], [8, -3], [0, 0], [-5, 3]]
    .map(([x, y]) => disc(x, y, 1.9, "#79ab5a")).join("");
const tofu = () => block(14, 14, "#fdf8ea", 2.5, "#e0cfa6");
const mince = () => disc(0, 0, 2.5, "#7d3f22");
const strip = (/** @type {string} */ colour, long = 22, wide = 5) =>
  line(`M${-long / 2} 1Q0-5 ${long / 2} 1`, colour, wide);
const tomatoWedge = () =>
  shape("M-12-3A12.5 12.5 0 0 0 12-3Q0 4-12-3z", "#cf3d27") + line("M-7 1Q0 5 7 1", "#f08a6c", 1.8);
const scrambled = () =>
  shape("M-13 1C-14-8-5-11 0-7 6-12 14-7 12 0 15 7 6 11 0 8-7 12-13 8-13 1z", "#f4c53d") +
  line("M-6-2Q-2-5 1-2M-3 4Q2 1 6 3", "#fbe08a", 2.2);
const beefChunk = () => block(17, 14, "#7c4229", 4) + line("M-5-3h9M-5 2h7", "#a2674a", 1.4);
const potato = () => block(14, 12, "#edc766", 4, "#d3a744");
const mushroom = () =>
  disc(0, 0, 10.5, "#6a4630") + disc(0, 0, 10.5, "none", 'stroke="#54361f" stroke-width="1.2"') +
  line("M-5-5 5 5M5-5-5 5M0-7V7", "#e9d7b8", 2);
const chickenPiece = () => shape("M-12 3C-13-7-3-11 6-8 14-5 12 6 5 8-2 11-11 10-12 3z", "#e9c483", "#c99a52");
const melonCube = () => block(17, 15, "#e3ecc9", 4, "#b9cf94") + line("M-5 5h10", "#8fb368", 2);
const rib = () =>
  `<rect x="-14" y="-3" width="28" height="6" rx="3" fill="#f3ead6" stroke="#d8c8a4"/>` + block(18, 15, "#a86541", 6) + line("M-4-3h7M-4 2h8", "#c98c66", 1.4);
const grain = () => `<ellipse rx="3" ry="1.2" fill="#fffdf6" stroke="#dccfae" stroke-width=".7"/>`;
const bao = () =>
  disc(0, 0, 12.5, "#fffaf0", 'stroke="#d9c8a2" stroke-width="1.2"') +
  line("M0-2.5V-10M1.8-1.8 7-7M2.5 0H10M1.8 1.8 7 7M0 2.5V10M-1.8 1.8-7 7M-2.5 0H-10M-1.8-1.8-7-7", "#e0d1ae", 1.3) +
  disc(0, 0, 2.2, "#e0d1ae");
/** A bundle of noodles as chopsticks lay it down: arcs inside arcs. @param {string} a @param {string} b */
const skein = (a, b) =>
  [17, 12.5, 8, 3.5].map((r, i) => {
    const d = `M${-r} ${r * 0.4}A${r} ${r} 0 1 1 ${r} ${r * 0.3}`;
    return line(d, i % 2 ? a : b, 4.2) + line(d, "#fff6da", 0.9);
  }).join("");
const noodles = (/** @type {string} */ a, /** @type {string} */ b) =>
  [[60, 44, -40], [100, 46, 50], [58, 76, 200], [101, 78, 130], [80, 62, 10]]
    .map(([x, y, t]) => at(x, y, skein(a, b), t)).join("");
const melonSlice = () =>
  shape("M0-19 16 13Q0 21-16 13z", "#d8432f") + line("M-16 13.5Q0 21.5 16 13.5", "#fdf3e0", 3) +
  line("M-17 16.5Q0 25 17 16.5", "#3f7a3a", 3) + line("M-4 4v2M4 4v2M0-5v2", "#3b1d18", 2);
const orangeRound = () =>
  disc(0, 0, 12, "#ef9a2c") + disc(0, 0, 9.6, "#fbe3b3") + disc(0, 0, 8.6, "#f5ad44") +
  line("M0-8V8M-7-4 7 4M-7 4 7-4", "#fbe3b3", 1.4);
const mangoCube = () => block(12, 12, "#f4a82c", 3, "#dd8d18");
const pomelo = () => `<ellipse rx="5" ry="2.2" fill="#ee8f86"/>`;
const riceBall = () => disc(0, 0, 8, "#fffdf8", 'stroke="#e0d4b8" stroke-width="1.2"') + disc(-2.5, -2.5, 2, "#fff");
const blossom = () => disc(-1.4, 0, 1.4, "#e3a21f") + disc(1.4, 0, 1.4, "#e3a21f") + disc(0, -1.4, 1.4, "#f0bd45");
const cup = (/** @type {string} */ tea) =>
  disc(0, 0, 17, "#fff", 'stroke="#1b4c9c" stroke-width="1.2"') + disc(0, 0, 12.5, tea);
const bottle = (/** @type {string} */ body, /** @type {string} */ cap, /** @type {string} */ label) =>
  shape("M-11 34V-4C-11-12-5-13-5-22V-32H5V-22C5-13 11-12 11-4V34Q11 37 8 37H-8Q-11 37-11 34z", body) +
  `<rect x="-6" y="-37" width="12" height="7" rx="2" fill="${cap}"/><rect x="-11" y="4" width="22" height="16" fill="${label}"/>`;

// ── the dishes, in the menu's order ──

/** @type {Record<string, () => string>} */
const DRAWINGS = {
  dumplings: () => plate() + at(80, 60, dumpling()) + ring(6, 26, dumpling),
  kungpao: () =>
    plate() + scatter(15, 35, 3, cube("#b8692c", "#8f4a1c")) + scatter(7, 32, 8, peanut) +
    scatter(6, 33, 5, chilli) + scatter(7, 30, 12, scallion),
  fish: () =>
    oval() +
    shape("M112 60 140 42q-5 18 0 36z", "#8a8f8c") +
    shape("M20 62C36 36 92 32 120 60 92 86 38 86 20 62z", "#c3c4ba") +
    shape("M20 62C36 36 92 32 120 60 92 54 46 54 20 62z", "#8a8f8c") +
    line("M46 46q8 15 0 32", "#6d726f", 2) + disc(34, 58, 3, "#2b2f31") +
    line("M58 50q16 6 32 2M62 70q14-6 34-2M70 44q4 16 0 30", "#6f9d52", 3) +
    line("M66 58q18-4 38 4M84 46q6 12 2 28", "#e6c766", 3) + line("M76 64q12 3 24-4", "#c23a26", 2.6),
  "beef-soup": () =>
    bowl("#e4cf9b") +
    line("M48 52q10-10 20-2t20-2 20 2M52 72q10-9 18-1t18-3 18 2M62 38q8-5 14 0t16-2M64 88q8-6 16-1t14-2", "#fbf5e4", 4.5) +
    scatter(9, 36, 6, () => disc(0, 0, 3.2, "#7d4727")) + scatter(7, 38, 11, scallion),
  scallops: () => plate() + ring(6, 25.5, shell),
  greens: () =>
    plate() + at(62, 56, leaf("#3f7042"), -48) + at(98, 56, leaf("#3f7042"), 48) +
    at(80, 76, leaf("#3f7042"), 176) + at(70, 48, leaf("#5d8f47"), -18) +
    at(92, 46, leaf("#5d8f47"), 20) + at(64, 74, leaf("#5d8f47"), -100) +
    at(96, 74, leaf("#5d8f47"), 104) + at(80, 58, leaf("#78a85c"), 4, 0.9) +
    at(72, 66, garlic()) + at(90, 60, garlic()) + at(84, 76, garlic()),
  cucumber: () =>
    plate() + scatter(13, 33, 4, cucumber, { size: 1.3 }) + scatter(7, 32, 9, garlic) +
    scatter(5, 30, 2, () => disc(0, 0, 2.2, "none", 'stroke="#c23a26" stroke-width="1.8"')),
  "chilli-chicken": () =>
    plate() + disc(80, 60, 40, "#a82a1b") + scatter(14, 38, 7, () => oil("#e4572e")) +
    [-2, -1, 0, 1, 2].map((i) => at(80 + i * 13, 60 + Math.abs(i) * 2, chickenSlice(), i * 7)).join("") +
    scatter(16, 32, 5, sesame) + scatter(6, 30, 13, peanut, { size: 0.8 }) + scatter(7, 30, 21, scallion),
  "tofu-egg": () =>
    plate() + ring(8, 32, eggWedge, 10) +
    [-2, -1, 0, 1, 2].map((i) => at(80 + i * 8.5, 60, block(10, 32, "#fffbf0", 3, "#dccfae"))).join("") +
    scatter(7, 14, 4, () => disc(0, 0, 2, "#b5792f")) + scatter(6, 15, 9, ringlet),
  "beef-slices": () => plate() + ring(10, 25, beefSlice, 0, 24) + at(80, 60, coriander(), 0, 1.6) + at(87, 63, coriander(), 70, 1.2),
  "wood-ear": () =>
    plate() + scatter(12, 32, 5, woodEar) +
    scatter(6, 30, 3, () => line("M-8 3Q0-7 8 3", "#b48ab0", 2.4)) + scatter(6, 30, 8, chilli, { size: 0.7 }) +
    scatter(4, 26, 2, coriander),
  "sweet-sour": () => plate() + scatter(13, 31, 4, glazedStrip) + scatter(5, 30, 9, () => block(9, 9, "#6f9d52", 2)) + scatter(22, 33, 6, sesame),
  "braised-pork": () =>
    plate() + disc(80, 61, 36, "#8c4a22", 'fill-opacity=".35"') +
    [[58, 44, -8], [80, 40, 4], [102, 45, 10], [54, 66, 6], [77, 63, -5], [100, 67, 3], [67, 85, -10], [90, 86, 8]]
      .map(([x, y, t]) => at(x, y, porkCube(), t)).join("") + scatter(7, 26, 7, ringlet),
  prawns: () => plate() + ring(8, 27.5, prawn) + disc(80, 60, 13, "#fff", 'stroke="#1b4c9c" stroke-width="1.2"') + disc(80, 60, 9.5, "#5a2f1b") + scatter(3, 5, 3, ringlet, { size: 0.6 }),
  broccoli: () => plate() + ring(7, 27, broccoli) + at(80, 58, broccoli(), 0, 1.15) + scatter(9, 32, 5, garlic),
  mapo: () =>
    bowl("#a53420") + scatter(16, 40, 9, () => oil("#dd5a2e")) + scatter(13, 33, 4, tofu) +
    scatter(20, 37, 6, mince) + scatter(9, 35, 14, scallion),
  "pepper-beef": () =>
    plate() + scatter(11, 30, 3, () => strip("#6d3a24", 24, 8)) + scatter(4, 30, 6, () => strip("#c8372a")) +
    scatter(4, 28, 9, () => strip("#efb62f")) + scatter(4, 30, 14, () => strip("#5d8f47")) +
    scatter(18, 32, 2, () => disc(0, 0, 1, "#1d1714")),
  "tomato-egg": () => plate() + scatter(9, 28, 5, scrambled) + scatter(8, 31, 8, tomatoWedge) + scatter(8, 30, 3, scallion),
  "tomato-beef": () =>
    pot("#b9401f") + scatter(12, 38, 5, () => oil("#e2743c")) + scatter(7, 29, 4, beefChunk) +
    scatter(5, 30, 9, tomatoWedge) + scatter(4, 27, 14, potato) + scatter(7, 33, 6, scallion),
  "mushroom-chicken": () =>
    pot("#c99645") + scatter(10, 38, 3, () => oil("#e9c36d")) + scatter(6, 29, 5, chickenPiece, { size: 1.15 }) +
    scatter(6, 30, 11, mushroom) + scatter(7, 32, 8, goji) + scatter(5, 30, 2, scallion),
  "melon-ribs": () =>
    bowl("#e9deb6") + scatter(8, 40, 9, () => oil("#f6eecb")) + scatter(7, 32, 4, melonCube) +
    scatter(5, 28, 12, rib) + scatter(6, 36, 7, goji) + scatter(5, 34, 3, scallion),
  "hot-sour": () =>
    bowl("#96562a") + scatter(11, 36, 4, () => strip("#fdf6e3", 20, 4)) + scatter(9, 36, 8, () => strip("#2f221c", 18, 4)) +
    scatter(9, 34, 13, () => strip("#f3d27a", 18, 3)) + scatter(7, 36, 6, scallion) + scatter(8, 39, 3, () => oil("#cf4526")),
  "fried-rice": () =>
    plate() + disc(80, 60, 37, "#f0dfae") + scatter(150, 36, 5, grain) + scatter(10, 33, 3, () => disc(0, 0, 2.8, "#6fa04e")) +
    scatter(8, 32, 8, () => block(6, 6, "#d98478", 1.5)) + scatter(8, 33, 12, () => block(8, 5, "#f3c43f", 2)) +
    scatter(5, 27, 16, () => line("M-4 3C-6-3 2-6 5-1", "#ec9164", 4)) + scatter(9, 33, 20, ringlet, { size: 0.8 }),
  rice: () => smallBowl("#f6f2e6") + scatter(130, 34, 7, grain),
  basket: () => steamer() + at(80, 60, bao()) + ring(7, 30, bao),
  "scallion-noodles": () =>
    bowl("#8c5a2a") + noodles("#d9a44a", "#c88c34") + scatter(9, 32, 6, () => strip("#5a4a22", 16, 3)) + scatter(10, 32, 3, scallion),
  "beef-noodles": () =>
    bowl("#b06a30") + noodles("#f0d596", "#e6c47c") + scatter(10, 41, 6, () => oil("#cf3d1e")) +
    [[58, 46, -20], [72, 40, 5], [88, 42, 25]].map(([x, y, t]) => at(x, y, beefSlice(), t, 0.8)).join("") +
    [[96, 72, 20], [84, 82, 70]].map(([x, y, t]) => at(x, y, shape("M-10 0A10 10 0 0 1 10 0z", "#fbf8ee", "#ddd5bd"), t)).join("") +
    at(60, 76, coriander(), -20, 1.3) + at(68, 82, coriander(), 40, 1.2) + scatter(6, 36, 15, scallion),
  fruit: () =>
    plate() + [[60, 42, -30], [80, 36, 0], [100, 42, 30]].map(([x, y, t]) => at(x, y, melonSlice(), t)).join("") +
    at(56, 70, orangeRound()) + at(70, 82, orangeRound()) + at(104, 70, orangeRound()) + at(90, 83, orangeRound()) +
    at(80, 65, disc(-5, 0, 5.5, "#9c1f33") + disc(5, 1, 5.5, "#b52a3f") + line("M-5-5Q0-14 4-14M5-4Q5-10 4-14", "#5d8f47", 1.4)),
  "mango-sago": () =>
    smallBowl("#f7cd57") + scatter(34, 32, 5, () => disc(0, 0, 2, "#fff", 'fill-opacity=".8" stroke="#e9b93a" stroke-width=".6"')) +
    scatter(7, 24, 3, mangoCube) + scatter(8, 28, 9, pomelo) +
    at(80, 60, shape("M0 0C-9-3-9-12 0-15 9-12 9-3 0 0z", "#5d8f47") + line("M0-1V-12", "#a9c777", 1.2), -30) +
    at(82, 61, shape("M0 0C-7-3-7-10 0-12 7-10 7-3 0 0z", "#79ab5a"), 50),
  "rice-balls": () => smallBowl("#f0e2b4") + scatter(11, 27, 4, riceBall) + scatter(20, 32, 9, blossom) + scatter(4, 26, 6, goji),
  tea: () =>
    tray() + disc(62, 60, 32, "#fff", 'stroke="#1b4c9c" stroke-width="1.2"') + disc(62, 60, 27, "none", 'stroke="#1b4c9c" stroke-opacity=".35" stroke-width="1"') +
    disc(62, 60, 23.5, "#c8cf86") + [[56, 52, 20], [68, 56, 80], [60, 66, 140], [70, 68, 30], [52, 62, 100]]
      .map(([x, y, t]) => at(x, y, shape("M0-7C4-3 4 3 0 7-4 3-4-3 0-7z", "#5d7d33"), t)).join("") +
    at(117, 43, cup("#d7dba0")) + at(117, 79, cup("#d7dba0")),
  plum: () => glass("#6b1f2a") + at(72, 52, ice(), 15) + at(90, 58, ice(), -20) + at(76, 72, ice(), 40) + at(92, 75, disc(0, 0, 6, "#3f0f18")) + scatter(7, 26, 3, blossom),
  juice: () =>
    glass("#f3a12f") + scatter(9, 26, 4, () => oil("#f9c56d")) + at(70, 70, ice(), 15) + at(88, 72, ice(), -25) +
    at(110, 34, orangeRound(), 12, 1.35),
  latte: () =>
    plate() + `<rect x="104" y="50" width="30" height="20" rx="10" fill="#fff" stroke="#1b4c9c" stroke-width="1.2"/>` +
    disc(80, 60, 37, "#fff", 'stroke="#1b4c9c" stroke-width="1.2"') + disc(80, 60, 32, "#a8703f") +
    shape("M80 84C56 70 58 46 71 46 77 46 80 51 80 54 80 51 83 46 89 46 102 46 104 70 80 84z", "#f8ead2") +
    line("M80 76C68 68 68 58 72 56M80 76C92 68 92 58 88 56", "#c99a68", 2),
  beer: () =>
    tray() + at(50, 60, bottle("#2f6b45", "#d8b13c", "#f3efe2") + line("M-11 8H11M-11 16H11", "#c23a26", 1.6)) +
    at(105, 60, disc(0, 0, 29, "#dfe8f2") + disc(0, 0, 26, "#e2a02d") + disc(0, 0, 21, "#fffdf4") +
      [[-8, -6, 5], [6, -9, 4], [9, 5, 6], [-6, 8, 4.5], [0, 0, 3.5]].map(([x, y, r]) => disc(x, y, r, "none", 'stroke="#ead9b0" stroke-width="1.4"')).join("")),
  water: () => tray() + at(60, 60, bottle("#cfe3f2", "#1b4c9c", "#fff")) + at(100, 60, bottle("#cfe3f2", "#1b4c9c", "#fff")) + line("M50 70q5-4 10 0t10 0M90 70q5-4 10 0t10 0", "#1b4c9c", 1.8),
  dental: () =>
    tray() + `<rect x="36" y="40" width="88" height="8" rx="4" fill="#8fb0dc"/><rect x="98" y="30" width="24" height="12" rx="3" fill="#fff" stroke="#b7c3d2"/>` +
    line("M102 32v8M107 32v8M112 32v8M117 32v8", "#1b4c9c", 1.6) +
    shape("M38 62 104 66V84L38 88z", "#fff", "#b7c3d2") + shape("M104 69h14v12h-14z", "#1b4c9c") + line("M50 71h34M50 78h22", "#1b4c9c", 3),
  quilt: () =>
    tray() + `<rect x="36" y="32" width="88" height="58" rx="8" fill="#fdfaf2" stroke="#d8cdb2"/><rect x="36" y="52" width="88" height="19" fill="#e8eef7"/>` +
    [48, 64, 80, 96, 112].map((x) => at(x, 61.5, line("M0-6 6 0 0 6-6 0z", "#1b4c9c", 1.3))).join("") +
    line("M37 78H123M37 44H123", "#e2d8bf", 1.4) + line("M36 84q44 8 88 0", "#d8cdb2", 1.2),
};

/** The inside of an `<svg viewBox="0 0 160 120">` for one dish. @param {string} name @returns {string} */
export function drawing(name) {
  return Object.hasOwn(DRAWINGS, name) ? DRAWINGS[name]() : plate();
}

/** All names, for the page that shows them side by side and for the test of the menu. */
export const drawingNames = Object.freeze(Object.keys(DRAWINGS));

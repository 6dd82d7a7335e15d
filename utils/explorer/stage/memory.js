// What a page is, as a preset: for its link, and for the browser's memory.

import { EASINGS } from "./paths.js";
import { fromLink, toLink } from "./files.js";
import { KINDS } from "./motion.js";

export const MOST_PINS = 24;

export function presetOf(page) {
  const { motion } = page;
  const { kind, speed, radius, seconds, easing } = motion;
  return {
    f: page.facts.fingerprint,
    z: toLink(page.core),
    t: page.truncation,
    ends: page.ends.map((z) => z && toLink(z)),
    pins: page.pins.map(toLink),
    move: { kind, speed, radius, seconds, easing, playing: motion.playing },
    bends: page.bending?.state ?? [],
  };
}

// Takes what is sound of a preset, which may be anything, and leaves the rest; says whether it was one of this page's.
export function takePreset(page, given) {
  const vector = (text) => fromLink(text, page.n);
  const core = given && typeof given === "object" && vector(given.z);
  if (!core) return false;
  page.core = core;
  if (Number.isFinite(given.t)) page.truncation = Math.min(2, Math.max(0, given.t));
  if (Array.isArray(given.ends)) page.ends = [0, 1].map((i) => given.ends[i] && vector(given.ends[i]));
  if (Array.isArray(given.pins)) page.pins = given.pins.slice(0, MOST_PINS).map(vector).filter(Boolean);
  const { motion, controls } = page;
  const { kind, speed, radius, seconds, easing, playing } = given.move ?? {};
  if (KINDS.includes(kind)) motion.kind = kind;
  if (easing in EASINGS) page.easing.value = motion.easing = easing;
  for (const [id, value] of [["speed", Math.log2(speed)], ["radius", radius], ["leg", seconds]])
    if (Number.isFinite(value)) controls.sliders.get(id).move(value);
  const places = ["speed", "radius", "leg"].map((id) => Number(controls.sliders.get(id).input.value));
  [motion.speed, motion.radius, motion.seconds] = [2 ** places[0], places[1], places[2]];
  if (page.bending) page.bending.state = given.bends;
  if (playing === true && !motion.refusal(page.pins, page.ends)) motion.start(page.core);
  return true;
}

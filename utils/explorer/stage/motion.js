// How the image moves by itself: drift (a loop of noise around a point), the loop of pins, from A to B and back.

import { EASINGS, NoiseLoop, onArc, onLoop, plus, scaled } from "./paths.js";

export const KINDS = ["drift", "loop", "between"];
const DRIFT_SECONDS = 40; // once round the loop of noise, at speed 1
const APPROACH = 1.5; // seconds from where the image is to the way it goes on

export class Motion {
  constructor(n) {
    this.n = n;
    this.kind = "drift";
    this.speed = 1;
    this.radius = 0.6; // of the drift: 0 stays, 1 goes anywhere
    this.seconds = 3; // from one pin to the next, and from A to B
    this.easing = "smooth";
    this.playing = false;
  }

  // Why a kind of motion cannot start, as the key of a text; null if it can.
  refusal(pins, ends) {
    if (this.kind === "loop" && pins.length < 2) return "too_few_pins";
    if (this.kind === "between" && !ends.every(Boolean)) return "no_ends";
    return null;
  }

  start(from) {
    this.playing = true;
    this.from = from;
    this.offset = new Float32Array(this.n); // what the hand adds on the way
    this.time = 0;
    this.position = 0;
    this.noise = new NoiseLoop(this.n);
  }

  // Pins or their ways are about to change: the image glides from where it is. count: of pins until now.
  rejoin(from, count) {
    if (!this.playing) return;
    if (this.kind === "loop") this.position = ((this.position % count) + count) % count;
    this.from = from;
    this.offset = new Float32Array(this.n);
    this.time = 0;
  }

  stop() {
    this.playing = false;
  }

  // The point after `dt` more seconds.
  next(dt, pins, ends) {
    this.time += dt;
    const period = this.kind === "drift" ? DRIFT_SECONDS : this.seconds;
    this.position += (this.speed * dt) / period;
    const way = this.wayPoint(pins, ends);
    const ratio = Math.min(1, this.time / APPROACH);
    const point = ratio < 1 ? onArc(this.from, way, EASINGS.smooth(ratio)) : way;
    return plus(point, this.offset);
  }

  wayPoint(pins, [a, b]) {
    if (this.kind === "loop") return onLoop(pins, this.position, this.easing);
    if (this.kind === "between") {
      const turn = this.position % 2;
      return onArc(a, b, EASINGS[this.easing](turn < 1 ? turn : 2 - turn));
    }
    const stays = Math.sqrt(1 - this.radius ** 2);
    return plus(scaled(this.from, stays), this.noise.at(this.position % 1), this.radius);
  }
}

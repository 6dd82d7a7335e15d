// Points of the latent space and ways between them, as in utils/latent/paths.py.

export const EASINGS = {
  linear: (t) => t,
  smooth: (t) => t * t * (3 - 2 * t),
  in: (t) => t * t,
  out: (t) => t * (2 - t),
};

export const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
export const length = (a) => Math.sqrt(dot(a, a));
export const scaled = (a, factor) => Float32Array.from(a, (value) => value * factor);
export const plus = (a, b, factor = 1) => Float32Array.from(a, (value, i) => value + factor * b[i]);

// A vector of `n` independent standard normal numbers.
export function normal(n) {
  const one = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Float32Array.from({ length: n }, one);
}

// The point at `ratio` of the arc from a to b; of the straight line where there is no arc.
export function onArc(a, b, ratio) {
  const [lengthA, lengthB] = [length(a), length(b)];
  const straight = () => Float32Array.from(a, (value, i) => (1 - ratio) * value + ratio * b[i]);
  if (!lengthA || !lengthB) return straight();
  const [from, to] = [scaled(a, 1 / lengthA), scaled(b, 1 / lengthB)];
  const angle = 2 * Math.atan2(length(plus(from, to, -1)), length(plus(from, to)));
  const sine = Math.sin(angle);
  if (sine < 1e-6) return straight();
  const [s, t] = [Math.sin((1 - ratio) * angle) / sine, Math.sin(ratio * angle) / sine];
  const long = (1 - ratio) * lengthA + ratio * lengthB;
  return Float32Array.from(from, (value, i) => long * (s * value + t * to[i]));
}

// The point at `position` of the loop through all points; position counts points, and goes on after the last.
export function onLoop(points, position, easing = "linear") {
  const count = points.length;
  const whole = Math.floor(position);
  const ratio = EASINGS[easing](position - whole);
  return onArc(points[whole % count], points[(whole + 1) % count], ratio);
}

// A closed way of noise: each number is a sum of waves with random heights and 1, 2 ... `turns` periods, each point
// distributed like a standard normal one.
export class NoiseLoop {
  constructor(n, turns = 3) {
    this.turns = turns;
    this.heights = Array.from({ length: 2 * turns }, () => normal(n));
  }

  // The point at `phase`, from 0 to 1.
  at(phase) {
    const { turns, heights } = this;
    const point = new Float32Array(heights[0].length);
    for (let turn = 0; turn < turns; turn++) {
      const angle = 2 * Math.PI * phase * (turn + 1);
      const [cosine, sine] = [Math.cos(angle) / Math.sqrt(turns), Math.sin(angle) / Math.sqrt(turns)];
      for (let i = 0; i < point.length; i++) point[i] += cosine * heights[turn][i] + sine * heights[turns + turn][i];
    }
    return point;
  }
}

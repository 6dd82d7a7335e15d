// An image of a generator of strokes (models/generators/strokes.py) as vector lines: one rectangle a stroke, as wide, as
// opaque and of the colour that the network gave it.

const DIRECTIONS = { level: { across: 0 }, upright: { across: 1 } }; // the axis along which positions vary
const FAINT = 0.02; // of full opacity, below which nothing is seen

// Where in a network its strokes are: null where it has none.
export function strokesIn({ operations, shape }) {
  const named = (name) => operations.findIndex((operation) => operation.name === name);
  const next = (from, op) => operations.findIndex((operation) => operation.op === op && operation.inputs.includes(from));
  const strokes = {};
  for (const name of Object.keys(DIRECTIONS)) {
    const profile = next(next(named(`generator_${name}_stamp`), "affine"), "activation");
    const opacity = next(profile, "multiply");
    const paint = next(opacity, "multiply");
    if (Math.min(profile, opacity, paint) < 0) return null;
    strokes[name] = { opacity, color: operations[paint].inputs.find((input) => input !== opacity) };
  }
  const order = next(named("generator_decision_order"), "activation");
  const ground = next(next(named("generator_shares_ground"), "conv2d"), "affine");
  return order < 0 || ground < 0 || shape[2] !== 3 ? null : { strokes, order, ground };
}

// The image of a vector as the text of an SVG. texts: what it carries, by name.
export async function toSvg(engine, z, bends, texts) {
  const { strokes, order, ground } = strokesIn(engine.description);
  const [height, width] = engine.shape;
  const names = Object.keys(strokes);
  const layers = [order, ground, ...names.flatMap((name) => [strokes[name].opacity, strokes[name].color])];
  const [over, under, ...rest] = await engine.outputs(z, bends, layers);
  const bars = names.map((name, i) => barsOf(name, rest[2 * i], rest[2 * i + 1], [height, width]));
  const drawn = over.values[0] >= 0.5 ? bars.reverse() : bars; // what covers comes last
  const about = Object.entries(texts).map(([name, text]) => `${name}: ${text}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<desc>${about.join("\n").replace(/&/g, "&amp;").replace(/</g, "&lt;")}</desc>`,
    `<rect width="${width}" height="${height}" fill="${rgbOf(under.values, 0)}"/>`,
    ...drawn.flat(),
    "</svg>\n",
  ].join("\n");
}

// opacity: (size, number, 1) or (number, size, 1), color: (1, number, 3) or (number, 1, 3).
function barsOf(name, opacity, color, [height, width]) {
  const { across } = DIRECTIONS[name];
  const [size, number] = across ? [opacity.shape[1], opacity.shape[0]] : opacity.shape;
  return Array.from({ length: number }, (_, i) => {
    const profile = Array.from({ length: size }, (_, t) => opacity.values[across ? i * size + t : t * number + i]);
    const peak = Math.max(...profile);
    if (peak < FAINT) return "";
    const sum = profile.reduce((a, b) => a + b, 0);
    const middle = profile.reduce((a, b, t) => a + b * (t + 0.5), 0) / sum;
    const [wide, from] = [sum / peak, middle - sum / peak / 2].map((value) => value.toFixed(2));
    const place = across
      ? `x="${from}" y="0" width="${wide}" height="${height}"`
      : `x="0" y="${from}" width="${width}" height="${wide}"`;
    const veil = peak < 0.99 ? ` fill-opacity="${peak.toFixed(2)}"` : "";
    return `<rect ${place} fill="${rgbOf(color.values, 3 * i)}"${veil}/>`;
  }).filter(Boolean);
}

function rgbOf(values, at) {
  const channel = (value) => Math.min(255, Math.max(0, Math.round(value * 127.5 + 127.5)));
  return `rgb(${Array.from(values.slice(at, at + 3), channel).join(", ")})`;
}

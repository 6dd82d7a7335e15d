// What a visitor takes home and brings back: PNG files that carry their vector, vectors as text, links.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const NUMPY = [0x93, 78, 85, 77, 80, 89];
const MOST_NUMBERS = 100_000;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(name, content) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

export async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

// An image, RGBA, as the bytes of a PNG, each pixel enlarged to factor x factor, with texts in chunks of their own.
export async function toPng({ pixels, width, height, factor = 1, texts = {} }) {
  const [across, down] = [width * factor, height * factor];
  const rows = new Uint8Array(down * (1 + 3 * across));
  for (let y = 0; y < down; y++) {
    let at = y * (1 + 3 * across) + 1;
    const row = Math.floor(y / factor) * width;
    for (let x = 0; x < across; x++) {
      const from = 4 * (row + Math.floor(x / factor));
      for (let c = 0; c < 3; c++) rows[at++] = pixels[from + c];
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, across);
  view.setUint32(4, down);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB
  const text = Object.entries(texts).map(([key, value]) => chunk("tEXt", latin1(`${key}\0${value}`)));
  const content = await through(rows, new CompressionStream("deflate"));
  const parts = [new Uint8Array(SIGNATURE), chunk("IHDR", header), ...text, chunk("IDAT", content), chunk("IEND", [])];
  return new Blob(parts, { type: "image/png" });
}

const latin1 = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

// The texts of a PNG's chunks.
export function textsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const texts = {};
  for (let at = 8; at + 12 <= bytes.length; ) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "tEXt" && at + 8 + size <= bytes.length) {
      const content = Array.from(bytes.subarray(at + 8, at + 8 + size), (byte) => String.fromCharCode(byte)).join("");
      const [key, ...rest] = content.split("\0");
      texts[key] = rest.join("\0");
    }
    at += 12 + size;
  }
  return texts;
}

// A number of float32 with as many digits as it takes to read it back exactly.
function shortest(value) {
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
}

// Vectors as `utils.files.vectors` writes and reads them.
export function toText(vectors) {
  const rows = vectors.map((z) => `[${Array.from(z, shortest).join(", ")}]`);
  return `array([${rows.join(",\n       ")}], dtype=float32)`;
}

// The numbers in a text, in brackets or alone; null where there is anything else.
function numbersIn(text) {
  const inner = text.replace(/dtype\s*=\s*[\w.]+/g, "").replace(/[\u2212\u2013]/g, "-");
  const bare = inner.replace(/\b(?:np\.|numpy\.)?(?:array|float32|float64)\b/g, " ");
  const words = bare.split(/[\s,;[\]()]+/).filter(Boolean);
  const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;
  if (!words.length || words.length > MOST_NUMBERS || !words.every((word) => number.test(word))) return null;
  return Float32Array.from(words, Number);
}

// The numbers of an array of NumPy (.npy), of float32 or float64; null for others.
function numbersOfNumpy(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = bytes[6] > 1; // the version says how long the header's length is
  const start = (long ? 12 : 10) + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, start));
  const [, kind] = header.match(/'descr':\s*'<(f4|f8)'/) ?? [];
  if (!kind || !/'fortran_order':\s*False/.test(header)) return null;
  const content = bytes.slice(start);
  const size = kind === "f4" ? 4 : 8;
  if (content.length % size || content.length > size * MOST_NUMBERS) return null;
  return Float32Array.from(new (size === 4 ? Float32Array : Float64Array)(content.buffer));
}

// Numbers as vectors of n: { vectors }, { length } of those that have another, {} where there are none.
function asVectors(numbers, n) {
  if (!numbers?.length || !numbers.every(Number.isFinite)) return {};
  if (numbers.length % n) return { length: numbers.length };
  return { vectors: Array.from({ length: numbers.length / n }, (_, i) => numbers.slice(i * n, (i + 1) * n)) };
}

// What an image says of how the network was bent: a list, which may be empty, and may hold anything.
function bendsIn({ Bent }) {
  try {
    return Bent ? JSON.parse(Bent) : [];
  } catch {
    return [];
  }
}

// The vectors in a file, how it was bent where it is an image, and the fingerprint of what drew it: of a PNG that carries them, an array of NumPy, or a text.
export async function readFile(file, n) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const begins = (start) => start.every((byte, i) => bytes[i] === byte);
  if (begins(NUMPY)) return asVectors(numbersOfNumpy(bytes), n);
  if (!begins(SIGNATURE)) return asVectors(numbersIn(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), n);
  const texts = textsOf(bytes);
  return { ...(texts.Z ? asVectors(numbersIn(texts.Z), n) : {}), generator: texts.Generator ?? null, bent: bendsIn(texts) };
}

export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function toBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

export function fromBase64(text) {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// A vector as text for links, and back; null for anything else.
export function toLink(z) {
  const text = toBase64(new Uint8Array(new Float32Array(z).buffer));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function fromLink(text, n) {
  try {
    const bytes = fromBase64(String(text).replace(/-/g, "+").replace(/_/g, "/"));
    const z = bytes.length === 4 * n ? new Float32Array(bytes.buffer) : null;
    return z?.every(Number.isFinite) ? z : null;
  } catch {
    return null;
  }
}

// What a visitor takes home and brings back: PNG files that carry their vector, vectors as text, links.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
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

// The vectors in a text: rows in brackets, or numbers alone, one a line or with blanks; null where there are none.
export function fromText(text, n) {
  const inner = text.replace(/dtype\s*=\s*[\w.]+/g, "").replace(/[\u2212\u2013]/g, "-");
  const bare = inner.replace(/\b(?:np\.|numpy\.)?(?:array|float32|float64)\b/g, " ");
  const words = bare.split(/[\s,;[\]()]+/).filter(Boolean);
  if (!words.length || words.length > MOST_NUMBERS || !words.every((word) => /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(word)))
    return null;
  const numbers = Float32Array.from(words, Number);
  if (numbers.length % n || !numbers.every(Number.isFinite)) return null;
  return Array.from({ length: numbers.length / n }, (_, i) => numbers.slice(i * n, (i + 1) * n));
}

// The vectors in a file, and the fingerprint of what drew it.
export async function readFile(file, n) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte))
    return { vectors: fromText(new TextDecoder().decode(bytes), n), generator: null };
  const texts = textsOf(bytes);
  return { vectors: texts.Z ? fromText(texts.Z, n) : null, generator: texts.Generator ?? null };
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

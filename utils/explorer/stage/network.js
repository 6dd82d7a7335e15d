// The network: a list of operations (network.py wrote it), carried out by TensorFlow.js in a worker.
// Notable: batch normalisation is folded into kernels; a transposed convolution of stride s is one plain convolution
// that gives all s x s phases at once, then rearranged; what does not depend on the vector is computed once.

const HALF = new Float32Array(1);
const HALF_BITS = new Uint32Array(HALF.buffer);

// One number of half precision, given as its 16 bits.
export function fromHalf(bits) {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return (sign ? -1 : 1) * fraction * 2 ** -24;
  HALF_BITS[0] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  return HALF[0];
}

// The weights of a description, as arrays of float32 with their shapes.
export function readWeights(description, buffer) {
  return description.weights.map(({ shape, type, offset }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values =
      type === "float16"
        ? Float32Array.from(new Uint16Array(buffer, offset, size), fromHalf)
        : new Float32Array(buffer.slice(offset, offset + 4 * size));
    return { shape, values };
  });
}

// Where the kernel of a transposed convolution (padding `same`) touches: for each phase of the output, the first and
// last shift between output and input, over all phases.
function phaseShifts(size, stride) {
  const before = Math.floor(Math.max(size - stride, 0) / 2);
  let low = Infinity;
  let high = -Infinity;
  for (let phase = 0; phase < stride; phase++) {
    low = Math.min(low, Math.ceil((-phase - before) / stride));
    high = Math.max(high, Math.floor((size - 1 - phase - before) / stride));
  }
  return { before, low, high };
}

// The kernel of a transposed convolution, (rows, columns, filters, channels), as that of a plain one:
// (rows, columns, channels, stride * stride * filters), and the padding that it needs.
export function phasedKernel({ shape, values }, [strideY, strideX]) {
  const [rows, columns, filters, channels] = shape;
  const y = phaseShifts(rows, strideY);
  const x = phaseShifts(columns, strideX);
  const size = [y.high - y.low + 1, x.high - x.low + 1];
  const outputs = strideY * strideX * filters;
  const kernel = new Float32Array(size[0] * size[1] * channels * outputs);
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const phaseY = (((j - y.before) % strideY) + strideY) % strideY;
      const phaseX = (((i - x.before) % strideX) + strideX) % strideX;
      const row = y.high - (j - y.before - phaseY) / strideY;
      const column = x.high - (i - x.before - phaseX) / strideX;
      const phase = (phaseY * strideX + phaseX) * filters;
      for (let f = 0; f < filters; f++)
        for (let c = 0; c < channels; c++)
          kernel[((row * size[1] + column) * channels + c) * outputs + phase + f] =
            values[((j * columns + i) * filters + f) * channels + c];
    }
  }
  const padding = [[0, 0], [y.high, -y.low], [x.high, -x.low], [0, 0]];
  return { shape: [...size, channels, outputs], values: kernel, padding };
}

const DRAWN = new Set(["conv2d", "conv2d_transpose", "activation", "reshape", "multiply", "add"]); // worth a look
const ELEMENTWISE = new Set(["activation", "affine", "identity"]);

export class Network {
  // tf: TensorFlow.js with a backend that is ready; description, buffer: of network.py.
  constructor(tf, description, buffer) {
    this.tf = tf;
    this.latentDim = description.latent_dim;
    this.shape = description.shape;
    const weights = readWeights(description, buffer);
    this.operations = fold(description.operations.map((operation) => ({ ...operation })), weights);
    this.steps = this.operations.map((operation) => this.prepare(operation, weights));
    this.constants = new Map();
    const shapes = this.keepConstants();
    this.maps = this.operations.flatMap((operation, index) => {
      const shape = shapes[index];
      const uses = this.operations.filter(({ inputs }) => inputs.includes(index));
      const goesOn = uses.length === 1 && ELEMENTWISE.has(uses[0].op);
      const [, height, width, channels] = shape.length === 4 ? shape : [1, 1, 1, 1];
      const flat = operation.op !== "activation" && Math.min(height, width) === 1;
      const moved = operation.op === "reshape" && channels === 1; // numbers laid out, no picture
      const isMap = height * width > 1 && !flat && !moved && !goesOn && DRAWN.has(operation.op);
      return isMap ? [{ index, name: operation.name, shape: shape.slice(1) }] : [];
    });
  }

  // A function from the inputs' tensors to the output's, with its weights ready.
  prepare(operation, weights) {
    const { tf } = this;
    const array = (key) => weights[operation[key]];
    const tensor = ({ values, shape }) => tf.keep(tf.tensor(values, shape));
    const { op } = operation;
    if (op === "identity") return (x) => x;
    if (op === "dense") {
      const kernel = tensor(array("kernel"));
      const bias = operation.bias === undefined ? null : tensor(array("bias"));
      const [width, units] = kernel.shape;
      return (x) => {
        const flat = tf.fused.matMul({ a: tf.reshape(x, [-1, width]), b: kernel, bias });
        return x.shape.length === 2 ? flat : tf.reshape(flat, [...x.shape.slice(0, -1), units]);
      };
    }
    if (op === "conv2d") {
      const filter = tensor(array("kernel"));
      const bias = operation.bias === undefined ? undefined : tensor(array("bias"));
      const { strides, dilations, padding: pad } = operation;
      return (x) => tf.fused.conv2d({ x, filter, strides, dilations, pad, bias });
    }
    if (op === "conv2d_transpose") return this.prepareTransposed(operation, array, tensor);
    if (op === "affine") {
      const [scale, offset] = [array("scale"), array("offset")];
      const [times, plus] = [tensor(scale), tensor(offset)];
      const scales = scale.values.some((value) => value !== 1);
      const shifts = offset.values.some((value) => value !== 0);
      return (x) => {
        const scaled = scales ? tf.mul(x, times) : x;
        return shifts ? tf.add(scaled, plus) : scaled;
      };
    }
    if (op === "activation") return activation(tf, operation);
    if (op === "softmax") return (x) => softmaxOver(tf, x, operation.axis);
    if (op === "reshape") return (x) => tf.reshape(x, [x.shape[0], ...operation.shape]);
    if (op === "upsample") {
      const name = operation.interpolation === "nearest" ? "resizeNearestNeighbor" : "resizeBilinear";
      const [down, across] = operation.factors;
      return (x) => tf.image[name](x, [x.shape[1] * down, x.shape[2] * across], false, true);
    }
    if (op === "pad") return (x) => tf.pad(x, [[0, 0], ...operation.borders, [0, 0]]);
    if (op === "crop") {
      const [[top, bottom], [left, right]] = operation.borders;
      return (x) => {
        const [, height, width] = x.shape;
        return tf.slice(x, [0, top, left, 0], [-1, height - top - bottom, width - left - right, -1]);
      };
    }
    if (op === "concatenate") return (...all) => tf.concat(all, operation.axis);
    if (op === "average") return (...all) => tf.mul(all.reduce((a, b) => tf.add(a, b)), 1 / all.length);
    const two = { add: tf.add, multiply: tf.mul, subtract: tf.sub, maximum: tf.maximum, minimum: tf.minimum }[op];
    if (!two) throw new Error(`unknown operation ${op}`);
    return (...all) => all.reduce((a, b) => two(a, b));
  }

  prepareTransposed(operation, array, tensor) {
    const { tf } = this;
    const [down, across] = operation.strides;
    const phased = phasedKernel(array("kernel"), operation.strides);
    const filters = phased.shape[3] / (down * across);
    const filter = tensor(phased);
    let bias;
    if (operation.bias !== undefined) {
      const { values } = array("bias"); // the same for each phase
      const repeated = Float32Array.from({ length: phased.shape[3] }, (_, i) => values[i % filters]);
      bias = tensor({ values: repeated, shape: [phased.shape[3]] });
    }
    return (x) => {
      const [, height, width] = x.shape;
      const phases = tf.fused.conv2d({ x, filter, strides: 1, pad: phased.padding, bias });
      if (down === across) return down === 1 ? phases : tf.depthToSpace(phases, down, "NHWC");
      // (height, width, down, across * filters) -> (height, down, width, across * filters)
      const rows = tf.reshape(phases, [height, width, down, across * filters]);
      return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [1, height * down, width * across, filters]);
    };
  }

  // Compute once what is the same for every vector; gives the shapes of all outputs.
  keepConstants() {
    const { tf, operations, steps, constants } = this;
    const shapes = [];
    tf.tidy(() => {
      const values = [];
      values[-1] = tf.tensor(new Float32Array(this.latentDim), [1, this.latentDim]);
      operations.forEach(({ op, inputs, zero }, i) => {
        values[i] = steps[i](...inputs.map((input) => values[input]));
        shapes[i] = values[i].shape;
        const constant = (op === "affine" && zero) || (inputs.length && inputs.every((input) => constants.has(input)));
        if (constant) constants.set(i, tf.keep(values[i]));
      });
    });
    return shapes;
  }

  // The tensor of one image (1, height, width, channels), in a tidy of the caller's. `bends`: Map from an operation's
  // index to what is done to its output; `layer`: stop at this operation.
  run(z, bends = new Map(), layer = this.operations.length - 1) {
    const { tf } = this;
    const values = [];
    values[-1] = tf.tensor(z, [1, this.latentDim]);
    for (let i = 0; i <= layer; i++) {
      const bend = bends.get(i);
      const constant = this.constants.get(i);
      const x = constant ?? this.steps[i](...this.operations[i].inputs.map((input) => values[input]));
      values[i] = bend ? bent(tf, x, bend) : x;
    }
    return values[layer];
  }
}

// Batch normalisation right behind a layer with a kernel goes into its kernel; marks what is multiplied by zero.
function fold(operations, weights) {
  operations.forEach((operation, index) => {
    if (operation.op !== "affine") return;
    const { values: scale } = weights[operation.scale];
    const { values: offset } = weights[operation.offset];
    operation.zero = scale.every((value) => value === 0);
    const [before] = operation.inputs;
    const layer = operations[before];
    const alone = operations.filter(({ inputs }) => inputs.includes(before)).length === 1;
    if (operation.zero || !alone || !["dense", "conv2d", "conv2d_transpose"].includes(layer?.op)) return;
    const transposed = layer.op === "conv2d_transpose";
    const { shape, values } = weights[layer.kernel];
    const filters = shape[shape.length - (transposed ? 2 : 1)];
    if (scale.length !== filters || offset.length !== filters) return;
    const channels = transposed ? shape[3] : 1;
    const folded = values.map((value, i) => value * scale[Math.floor(i / channels) % filters]);
    const bias = layer.bias === undefined ? new Float32Array(filters) : weights[layer.bias].values;
    layer.kernel = weights.push({ shape, values: folded }) - 1;
    layer.bias = weights.push({ shape: [filters], values: bias.map((b, f) => b * scale[f] + offset[f]) }) - 1;
    operations[index] = { op: "identity", name: operation.name, inputs: operation.inputs };
  });
  return operations;
}

function activation(tf, { function: name, slope }) {
  const functions = {
    linear: (x) => x,
    relu: tf.relu,
    relu6: tf.relu6,
    leaky_relu: (x) => tf.leakyRelu(x, slope),
    elu: tf.elu,
    tanh: tf.tanh,
    sigmoid: tf.sigmoid,
    hard_sigmoid: (x) => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6),
    exponential: tf.exp,
    softplus: tf.softplus,
    silu: (x) => tf.mul(x, tf.sigmoid(x)),
  };
  return functions[name];
}

function softmaxOver(tf, x, axis) {
  const rank = x.shape.length;
  const at = (axis + rank) % rank;
  if (at === rank - 1) return tf.softmax(x);
  const order = [...x.shape.keys()];
  [order[at], order[rank - 1]] = [order[rank - 1], order[at]]; // swapping twice is the same order again
  return tf.transpose(tf.softmax(tf.transpose(x, order)), order);
}

// Feature maps (1, height, width, channels), some of whose channels are turned, scaled, shifted, mirrored, eroded or
// silenced. bend: { channels: indices, turn: degrees, scale, x, y: shares of the side, mirror, erode: pixels, silence }.
export function bent(tf, x, { channels, turn = 0, scale = 1, x: right = 0, y: down = 0, mirror, erode = 0, silence }) {
  const [, height, width, count] = x.shape;
  const chosen = channels.filter((channel) => channel < count);
  if (!chosen.length) return x;
  const mask = new Float32Array(count);
  for (const channel of chosen) mask[channel] = 1;
  let y = x;
  if (turn || scale !== 1 || right || down || mirror) {
    // where each pixel of the result comes from: the way back, around the middle
    const angle = (-turn * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
    const flip = mirror ? -1 : 1;
    const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
    const [toX, toY] = [middleX + right * width, middleY + down * height];
    const matrix = [flip * cosine, -flip * sine, 0, sine, cosine, 0, 0, 0];
    matrix[2] = middleX - matrix[0] * toX - matrix[1] * toY;
    matrix[5] = middleY - matrix[3] * toX - matrix[4] * toY;
    y = tf.image.transform(y, tf.tensor(matrix, [1, 8]), "bilinear", "constant", 0);
  }
  if (erode) {
    const side = [Math.min(2 * erode + 1, 2 * height - 1), Math.min(2 * erode + 1, 2 * width - 1)];
    y = tf.neg(tf.maxPool(tf.neg(y), side, 1, "same"));
  }
  if (silence) y = tf.mul(y, 0);
  if (chosen.length === count) return y;
  return tf.add(x, tf.mul(tf.sub(y, x), tf.tensor(mask, [1, 1, 1, count])));
}

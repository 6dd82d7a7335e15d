// What the stage needs of TensorFlow.js, and no more: the operations of stage/network.js by two backends.

import { add, concat, depthToSpace, elu, exp, fused, leakyRelu, maximum, maxPool, minimum, mul, neg, pad, relu, relu6 } from "@tensorflow/tfjs-core/dist/base";
import { image, reshape, sigmoid, slice, softmax, softplus, sub, tanh, tensor, transpose } from "@tensorflow/tfjs-core/dist/base";
import { env, keep, memory, ready, registerKernel, setBackend, tidy } from "@tensorflow/tfjs-core/dist/base";
import "@tensorflow/tfjs-core/dist/base_side_effects";
import { setWasmPath } from "@tensorflow/tfjs-backend-wasm/dist/base";
import "@tensorflow/tfjs-backend-webgl/dist/base";
import * as wasm from "kernels-of-wasm";
import * as webgl from "kernels-of-webgl";

for (const kernel of [...Object.values(wasm), ...Object.values(webgl)]) registerKernel(kernel);

self.tf = {
  ...{ add, concat, depthToSpace, elu, exp, fused, image, leakyRelu, maximum, maxPool, minimum, mul, neg, pad },
  ...{ relu, relu6, reshape, sigmoid, slice, softmax, softplus, sub, tanh, tensor, transpose },
  ...{ env, keep, memory, ready, setBackend, tidy, setWasmPath },
};

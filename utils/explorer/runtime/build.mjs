// How tf.js.xz and tfjs-backend-wasm-simd.wasm.xz were made; nobody needs this to use them. In an empty folder:
//   npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 @tensorflow/tfjs-backend-webgl@4.22.0 esbuild@0.28.2
//   node build.mjs, with this file and entry.js beside node_modules/

import { execSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const MODULES = `${process.cwd()}/node_modules/@tensorflow`;
const KERNELS = [
  "Add Cast Concat DepthToSpace Elu Exp FusedConv2D Identity LeakyRelu Maximum MaxPool Minimum Multiply Neg PadV2 Relu",
  "Relu6 Reshape ResizeBilinear ResizeNearestNeighbor Sigmoid Slice Softmax Softplus Sub Tanh Transform Transpose",
  "_FusedMatMul",
].flatMap((line) => line.split(" "));
const UNUSED = /threaded-simd(\.worker)?\.js$|^(fs|path|os|ws|crypto|perf_hooks|worker_threads|util|node-fetch|string_decoder)$/;

const plugin = {
  name: "only-what-is-needed",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: "unused" }));
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: 'export default null; export const wasmWorkerContents = "";' }));
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: `${MODULES}/tfjs-core/dist/base.js` }));
    onResolve({ filter: /^kernels-of-/ }, ({ path }) => ({ path: path.slice("kernels-of-".length), namespace: "kernels" }));
    onLoad({ filter: /.*/, namespace: "kernels" }, ({ path: backend }) => {
      const folder = `${MODULES}/tfjs-backend-${backend}/dist/kernels`;
      const files = KERNELS.map((name) => `${folder}/${name}.js`).filter(existsSync);
      const config = (file) => readFileSync(file, "utf8").match(/export const (\w+Config) = /)[1];
      return { contents: files.map((file) => `export { ${config(file)} } from "${file}";`).join("\n"), resolveDir: "." };
    });
  },
};

await build({
  entryPoints: ["entry.js"], bundle: true, minify: true, format: "iife", target: "es2020", outfile: "tf.js",
  legalComments: "none", plugins: [plugin], define: { "process.env.NODE_ENV": '"production"' },
});
copyFileSync(`${MODULES}/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm`, "tfjs-backend-wasm-simd.wasm");
execSync("xz --lzma2=preset=9e,lc=4,lp=0,pb=0 --force --keep tf.js && xz -9e --force --keep tfjs-backend-wasm-simd.wasm");

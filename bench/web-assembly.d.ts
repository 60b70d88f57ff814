/** As much of WebAssembly as cold-start-probe.mjs watches; the project's types are Node's, which leave it to the DOM's. */
declare namespace WebAssembly {
  let Module: new (bytes: BufferSource) => object;
  let Instance: new (module: object, imports?: object) => { exports: Record<string, unknown> };
}

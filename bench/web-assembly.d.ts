/**
 * Types of the part of WebAssembly that cold-start-probe.mjs observes. The project uses Node's types, which omit it.
 */
declare namespace WebAssembly {
  let Module: new (bytes: BufferSource) => object;
  let Instance: new (module: object, imports?: object) => { exports: Record<string, unknown> };
}

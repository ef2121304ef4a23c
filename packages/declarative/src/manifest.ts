import type { DeclarativeSource } from './manifest.gen.js';

export type * from './manifest.gen.js';

/** A whole manifest. */
export type Manifest = DeclarativeSource;

/**
 * Says what a manifest in TypeScript is, so that the editor completes and checks it. Returns it as it is:
 * `export default defineManifest({ type: 'DeclarativeSource', … })` in `manifest.ts`, which the command line runs like a
 * manifest.yaml.
 */
export function defineManifest(manifest: Manifest): Manifest {
  return manifest;
}

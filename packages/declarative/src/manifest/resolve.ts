import { ParametersOverflow, propagate } from './parameters.js';
import type { ManifestTree } from './read.js';
import { resolveReferences } from './references.js';
import type { Vocabulary } from './vocabulary.js';

/** A manifest with every reference resolved, default types filled and parameters passed down. */
export function resolveManifest(read: ManifestTree, vocabulary: Vocabulary): ManifestTree {
  const { tree, positions, diagnostics } = resolveReferences(read);
  const root = Object.hasOwn(tree, 'type') ? tree : { ...tree, type: 'DeclarativeSource' };
  positions.derive(root, tree);
  try {
    return { tree: propagate(root, {}, vocabulary, positions), positions, diagnostics };
  } catch (error) {
    if (!(error instanceof ParametersOverflow)) throw error;
    const at = positions.place(error.node);
    diagnostics.push({ severity: 'error', code: 'parameters-size', message: error.message, at, path: '' });
    return { tree: root, positions, diagnostics };
  }
}

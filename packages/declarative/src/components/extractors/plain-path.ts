import { ConnectorError } from '@tidemark/source';
import type { Expression } from '../../component/index.js';
import { Path } from '../../component/path.js';

/** A path to one field. Throws ConnectorError (config) when it is empty or has wildcards; `name` is the manifest's field. */
export function plainPath(templates: readonly Expression[], name: string): { path: Path; segments: string[] } {
  const segments = templates.map((segment) => segment.text());
  const path = new Path(segments);
  if (segments.length === 0) throw new ConnectorError('config', `${name} needs a path to one field.`);
  if (!path.isPlain)
    throw new ConnectorError('config', `${name} must lead to one field, but '${segments.join('.')}' has wildcards.`);
  return { path, segments };
}

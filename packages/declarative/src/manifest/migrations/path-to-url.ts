import { joinUrl } from './join-url.js';
import type { Migration } from './migration.js';

/** `path` is a part of `url` now. */
export const pathToUrl: Migration = {
  name: 'HttpRequesterPathToUrl',
  type: 'HttpRequester',
  version: '*',
  migrate(node) {
    if (!Object.hasOwn(node, 'path') || typeof node.url !== 'string') return undefined;
    const { path, ...rest } = node;
    const relative = typeof path === 'string' ? path.replace(/^\/+/, '') : '';
    if (relative === '') return { node: rest, moved: {} };
    const base = node.url.endsWith('/') ? node.url : `${node.url}/`;
    return { node: { ...rest, url: joinUrl(base, relative) }, moved: { url: 'path' } };
  },
};

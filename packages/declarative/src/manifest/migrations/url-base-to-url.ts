import type { Migration } from './migration.js';

/** `url_base` is `url` now. */
export const urlBaseToUrl: Migration = {
  name: 'HttpRequesterUrlBaseToUrl',
  type: 'HttpRequester',
  version: '*',
  migrate(node) {
    if (!Object.hasOwn(node, 'url_base')) return undefined;
    const { url_base, ...rest } = node;
    return { node: { ...rest, url: url_base }, moved: { url: 'url_base' } };
  },
};

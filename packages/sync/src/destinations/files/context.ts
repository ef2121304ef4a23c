import type { Job, OpenOptions } from '../../destination.js';
import type { RawIds } from '../sql/raw-id.js';
import type { SchemaWatch } from '../sql/schema-watch.js';
import type { ManifestStore } from './manifest-store.js';
import type { PartFiles } from './part-files.js';
import type { Staging } from './staging.js';

/** What everything in one session shares. */
export interface FilesContext {
  options: OpenOptions;
  store: ManifestStore;
  files: PartFiles;
  staging: Staging;
  ids: RawIds;
  job: Job;
  watch: SchemaWatch;
}

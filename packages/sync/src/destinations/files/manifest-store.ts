import { ConnectorError } from '@tidemark/source';
import type { OpenOptions } from '../../destination.js';
import { Lease } from './lease.js';
import { booksFolder, emptyManifest, type Manifest, readManifest } from './manifest.js';
import { Overtaken, type Place } from './place.js';

/** The manifest of one connection, held by this runner. */
export class ManifestStore {
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly place: Place,
    private readonly path: string,
    private manifest: Manifest,
    private version: string | undefined,
    private readonly lease: Lease | undefined,
  ) {}

  /** Takes the lease and puts its token into the manifest: from then on nobody else's commit can succeed. */
  static async open(place: Place, options: OpenOptions): Promise<ManifestStore> {
    const folder = booksFolder(options.connection);
    const path = `${folder}/manifest.json`;
    const lease = options.readOnly ? undefined : await Lease.take(place, `${folder}/lease.json`, options);
    try {
      const found = await place.read(path);
      const manifest = found ? readManifest(found.text, `${place.name}/${path}`) : emptyManifest(options.connection);
      const store = new ManifestStore(place, path, manifest, found?.version, lease);
      if (lease) await store.commit((current) => current);
      return store;
    } catch (error) {
      await lease?.release();
      throw error;
    }
  }

  get current(): Manifest {
    return this.manifest;
  }

  get token(): number {
    return this.lease?.token ?? 0;
  }

  /**
   * Replaces the manifest by what `change` makes of it, which may be called again and must have no effect of its own.
   * Throws ConnectorError (system) when another runner has taken over; nothing is changed then.
   */
  commit(change: (current: Manifest) => Manifest): Promise<Manifest> {
    const done = this.queue.then(() => this.replace(change));
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** The error of a runner that was overtaken, where that is why something failed. */
  async explained(error: unknown): Promise<unknown> {
    const found = await this.place.read(this.path).catch(() => undefined);
    if (!found) return error;
    return readManifest(found.text, this.path).token > this.token ? this.takenOver() : error;
  }

  async close(): Promise<void> {
    await this.queue;
    await this.lease?.release();
  }

  private async replace(change: (current: Manifest) => Manifest): Promise<Manifest> {
    for (;;) {
      if (this.lease?.lost) throw this.takenOver();
      const before = this.manifest;
      const next: Manifest = { ...change(before), token: this.token, version: before.version + 1 };
      const text = JSON.stringify(next);
      try {
        this.version = await this.place.replace(this.path, text, this.version);
        this.manifest = next;
        return next;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        const found = await this.place.read(this.path);
        const theirs = found && readManifest(found.text, this.path);
        if (!found || !theirs || theirs.token > this.token) throw this.takenOver();
        // Ours: the answer to this commit, or to one before it, got lost. Lower: the last one of the runner before us, which
        // came between our reading and our first writing.
        this.manifest = theirs;
        this.version = found.version;
        if (found.text === text) return theirs;
      }
    }
  }

  private takenOver(): ConnectorError {
    return new ConnectorError(
      'system',
      `Another runner has taken over the connection '${this.manifest.connection}' in ${this.place.name}: this one was silent for longer than its lease. Nothing of it was committed since.`,
    );
  }
}

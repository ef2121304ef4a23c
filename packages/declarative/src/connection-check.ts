import { type CheckResult, ConnectorError } from '@tidemark/source';
import type { BuildContext } from './component/context.js';
import type { CheckedSource } from './components/checks/slot.js';
import type { ManifestRoot } from './components/source/slot.js';
import type { DeclarativeStream } from './components/streams/slot.js';

/** The streams of a manifest with one configuration, each entry built once and when it is asked for. */
export class StreamEntries implements CheckedSource {
  readonly dynamicStreams: CheckedSource['dynamicStreams'];
  private static: Promise<DeclarativeStream[]> | undefined;

  constructor(
    private readonly root: ManifestRoot,
    private readonly context: BuildContext,
    private readonly signal: AbortSignal,
  ) {
    this.dynamicStreams = root.dynamicStreams.map(({ name, build }) => {
      let streams: Promise<DeclarativeStream[]> | undefined;
      return {
        name,
        streams: () => {
          streams ??= (async () => build(context).streams(signal))();
          return streams;
        },
      };
    });
  }

  staticStreams(): Promise<DeclarativeStream[]> {
    this.static ??= this.buildStatic();
    return this.static;
  }

  /** Every stream: those of the manifest, then the dynamic ones. Throws ConnectorError (config) when two have one name. */
  async all(): Promise<DeclarativeStream[]> {
    const streams = [...(await this.staticStreams())];
    for (const entry of this.dynamicStreams) streams.push(...(await entry.streams()));
    refuseTwins(streams);
    return streams;
  }

  private async buildStatic(): Promise<DeclarativeStream[]> {
    const streams: DeclarativeStream[] = [];
    for (const entry of this.root.streams) streams.push(...(await entry(this.context).streams(this.signal)));
    refuseTwins(streams);
    return streams;
  }
}

function refuseTwins(streams: readonly DeclarativeStream[]): void {
  const names = new Set<string>();
  for (const { name } of streams) {
    if (names.has(name)) throw new ConnectorError('config', `Two streams have the name '${name}'.`);
    names.add(name);
  }
}

/** Runs the manifest's check, with its own configuration where it overrides something. */
export async function checkConnection(
  root: ManifestRoot,
  entries: StreamEntries,
  context: BuildContext,
  signal: AbortSignal,
): Promise<CheckResult> {
  try {
    const checker = root.check(context);
    if (!checker.configOverrides) return await checker.check(entries, signal);
    const overridden: BuildContext = {
      ...context,
      config: { ...context.config, ...checker.configOverrides },
      shared: new Map(),
    };
    return await root.check(overridden).check(new StreamEntries(root, overridden, signal), signal);
  } catch (error) {
    return { succeeded: false, message: ConnectorError.from(error).message };
  }
}

import type { ConnectorSpecification, JsonObject, StreamDescription } from '@tidemark/protocol';
import { streamKey } from '@tidemark/protocol';
import {
  type Connection,
  type ConnectOptions,
  ConnectorError,
  type RunContext,
  type Source,
  type Stream,
} from '@tidemark/source';
import { ask } from './ask.js';
import { type Program, programName } from './program.js';
import { readProgram } from './read-program.js';
import { addSecrets } from './secret-values.js';
import type { UnparsablePolicy } from './unparsable.js';

/** A source that is a program, and how strictly it is taken at its word. */
export interface ProcessSourceSettings extends Program {
  /** Default: `fail`. */
  readonly unparsable?: UnparsablePolicy;
  /** Where `unparsable: quarantine` puts the lines. Default: `quarantine.txt` in the current folder. */
  readonly quarantine_file?: string;
  /** Whether the counts in its states are compared with what came. Default: `compare`. */
  readonly record_counts?: 'compare' | 'ignore';
  /** `global`: one state covers all streams (change data capture). Default: as its first state says. */
  readonly states?: 'stream' | 'global';
}

/** Any source of the Airbyte protocol as a source of ours: each verb is a run of the program. */
export function processSource(settings: ProcessSourceSettings): Source {
  let asked: Promise<ConnectorSpecification> | undefined;
  const quiet = { log: () => undefined, redact: (text: string) => text };
  const spec = (context: Parameters<typeof ask>[4] = quiet): Promise<ConnectorSpecification> => {
    asked ??= ask(settings, 'spec', 'SPEC', undefined, context).then((message) => message.spec);
    return asked;
  };
  return {
    spec: () => spec(),
    async connect(config, context, options: ConnectOptions = {}) {
      addSecrets(config, (await spec(context)).connectionSpecification, context.addSecret);
      const streams = options.forCheck ? [] : await discovered(settings, config, context);
      return new ProcessConnection(settings, config, context, streams);
    },
  };
}

async function discovered(program: Program, config: JsonObject, context: RunContext): Promise<StreamDescription[]> {
  const { catalog } = await ask(program, 'discover', 'CATALOG', config, context);
  if (!Array.isArray(catalog.streams))
    throw new ConnectorError('system', `'discover' of ${programName(program)} gave a catalog without 'streams'.`);
  return catalog.streams;
}

class ProcessConnection implements Connection {
  readonly concurrency = 1;
  readonly streams: readonly Stream[];
  /** Only where it is certain: without it the runner waits for the first state. */
  readonly together: ReadonlySet<string> | undefined;
  private readonly isLikelyGlobal: boolean;

  constructor(
    private readonly settings: ProcessSourceSettings,
    private config: JsonObject,
    private readonly context: RunContext,
    descriptions: readonly StreamDescription[],
  ) {
    this.streams = descriptions.map((description) => streamOf(description));
    this.isLikelyGlobal = descriptions.some(isChangeData);
    this.together = settings.states === 'global' ? new Set(descriptions.map(streamKey)) : undefined;
  }

  async check() {
    const { connectionStatus } = await ask(this.settings, 'check', 'CONNECTION_STATUS', this.config, this.context);
    const { message } = connectionStatus;
    return { succeeded: connectionStatus.status === 'SUCCEEDED', ...(message ? { message } : {}) };
  }

  readAll(read: Parameters<NonNullable<Connection['readAll']>>[0]) {
    const { settings, context, isLikelyGlobal } = this;
    const keepConfig = (config: JsonObject) => {
      this.config = config;
      context.configChanged(config);
    };
    const isGlobal = settings.states === undefined ? undefined : settings.states === 'global';
    return readProgram(settings, this.config, { read, context, isGlobal, isLikelyGlobal, keepConfig });
  }

  async close() {}
}

function streamOf(description: StreamDescription): Stream {
  const { name, namespace } = description;
  return {
    name,
    namespace: namespace ?? undefined,
    describe: () => description,
    open: () => {
      throw new ConnectorError('system', `The stream '${name}' is read by a program, together with the others.`);
    },
  };
}

/** Sources that read a database's log mark the deletions, and keep one position for all streams. */
function isChangeData({ json_schema: schema }: StreamDescription): boolean {
  const properties = schema?.properties;
  return typeof properties === 'object' && properties !== null && '_ab_cdc_deleted_at' in properties;
}

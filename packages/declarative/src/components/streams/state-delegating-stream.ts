import type { JsonObject, StreamDescription } from '@tidemark/protocol';
import {
  ConnectorError,
  isComplete,
  NO_CURSOR_KEY,
  type OpenStream,
  OWN_KEY,
  ownPart,
  type StreamRunFacts,
} from '@tidemark/source';
import { type BuildContext, component, field } from '../../component/index.js';
import { holdsPagePositions, markFullRefresh, withoutMark } from './full-refresh-mark.js';
import { type DeclarativeStream, type StreamSource, streamSlot } from './slot.js';

export const stateDelegatingStream = component('StateDelegatingStream', {
  slot: streamSlot,
  doc: 'Two ways of reading one stream: everything at first, and only what has changed once that is done.',
  fields: {
    name: field.template().doc('The name of the stream; both ways have it too.').example('invoices'),
    full_refresh_stream: field
      .slot(streamSlot)
      .defaultType('DeclarativeStream')
      .doc('How everything is read: until it has been read to its end once.'),
    incremental_stream: field
      .slot(streamSlot)
      .defaultType('DeclarativeStream')
      .doc('How changes are read from then on.'),
    api_retention_period: field
      .template()
      .optional()
      .doc(
        'For how long the API keeps changes, as an ISO 8601 duration: a state that is older begins with everything again.',
      )
      .example('P30D', "{{ config['retention'] }}"),
  },
  examples: [
    {
      type: 'StateDelegatingStream',
      name: 'invoices',
      full_refresh_stream: { $ref: '#/definitions/all_invoices_stream' },
      incremental_stream: { $ref: '#/definitions/invoice_events_stream' },
      api_retention_period: 'P30D',
    },
  ],
  build({ fields, context }): StreamSource {
    const { name, full_refresh_stream: full, incremental_stream: incremental, api_retention_period: period } = fields;
    let made: Promise<DeclarativeStream[]> | undefined;
    return {
      streams(signal) {
        made ??= (async () => {
          const ways = { full: only(await full.streams(signal)), incremental: only(await incremental.streams(signal)) };
          return [new DelegatingStream(name.text(), ways, period?.text() || undefined, context)];
        })();
        return made;
      },
    };
  },
});

function only(streams: readonly DeclarativeStream[]): DeclarativeStream {
  if (streams.length !== 1)
    throw new ConnectorError('config', 'A StateDelegatingStream delegates to one stream each way.');
  return streams[0]!;
}

type Ways = Record<'full' | 'incremental', DeclarativeStream>;

class DelegatingStream implements DeclarativeStream {
  readonly primaryKey: readonly string[][];
  readonly isIncremental: boolean;

  constructor(
    readonly name: string,
    private readonly ways: Ways,
    private readonly period: string | undefined,
    private readonly context: BuildContext,
  ) {
    const { full, incremental } = ways;
    if (full.name !== name || incremental.name !== name) {
      throw new ConnectorError(
        'config',
        `The streams of the StateDelegatingStream '${name}' must have its name, not '${full.name}' and '${incremental.name}'.`,
      );
    }
    if (period && [full, incremental].some((way) => way.isIncremental && !way.isOlder)) {
      throw new ConnectorError(
        'config',
        `The stream '${name}' has an api_retention_period, which needs cursors of moments.`,
      );
    }
    this.primaryKey = full.primaryKey;
    this.isIncremental = full.isIncremental || incremental.isIncremental;
  }

  schema(): Promise<JsonObject> | JsonObject {
    return this.ways.full.schema();
  }

  describe(): Promise<StreamDescription> | StreamDescription {
    return this.ways.full.describe();
  }

  async open(given: JsonObject | undefined, run: StreamRunFacts = {}): Promise<OpenStream> {
    const state = given && Object.keys(given).length ? given : undefined;
    if (this.goesOn(state, run)) return this.ways.incremental.open(isComplete(state) ? undefined : state, run);
    const open = await this.ways.full.open(this.fullRefreshState(state), run);
    return { ...open, read: (unit, options) => open.read(unit, options), cursor: markFullRefresh(open.cursor) };
  }

  /** What the full refresh goes on from: its own unfinished state, nothing else. */
  private fullRefreshState(state: JsonObject | undefined): JsonObject | undefined {
    if (!state) return undefined;
    return ownPart(state).way === 'full_refresh' || holdsPagePositions(state) ? withoutMark(state) : undefined;
  }

  /** True when the state says that everything was read once, not too long ago: changes are enough then. */
  private goesOn(state: JsonObject | undefined, run: StreamRunFacts): boolean {
    if (!state || ownPart(state).way === 'full_refresh') return false;
    if (isComplete(state)) {
      const { generation } = ownPart(state);
      return run.generation === undefined || generation === undefined || generation === run.generation;
    }
    if (state[NO_CURSOR_KEY] === true) {
      this.warn('the state says that an earlier run ended, not that it ended well: everything is read again');
      return false;
    }
    if (holdsPagePositions(state) || Object.keys(state).every((key) => key === OWN_KEY)) return false;
    if (!this.period) return true;
    const isOld = this.ways.full.isOlder?.(state, this.period) ?? this.ways.incremental.isOlder?.(state, this.period);
    if (isOld === false) return true;
    const reason = isOld ? `is older than the ${this.period} for which the API keeps changes` : 'cannot be read';
    this.warn(`the cursor value of the state ${reason}: everything is read again`);
    return false;
  }

  private warn(message: string): void {
    this.context.log('WARN', `${this.name}: ${message}.`);
  }
}

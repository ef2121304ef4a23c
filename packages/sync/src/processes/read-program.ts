import { type ConfiguredCatalog, type JsonObject, streamKey } from '@tidemark/protocol';
import { ConnectorError, type ReadResult, type ReadSettings, type RunContext } from '@tidemark/source';
import { lastWords } from './ask.js';
import { Child, type Exit, exitInWords } from './child.js';
import type { ProcessSourceSettings } from './process-source.js';
import { launch, programName } from './program.js';
import { Reading } from './reading.js';
import { SecretFiles } from './secret-files.js';
import { UnparsableLines } from './unparsable.js';

/** A program that has said everything ends by itself; one that is told to end may say a last state. */
const END_MS = 10_000;
const STOP_MS = 2_000;

/** What one read is about. */
export interface ProgramRead {
  read: ReadSettings;
  context: RunContext;
  /** One state covers all streams; unknown: its first state says it. */
  isGlobal: boolean | undefined;
  isLikelyGlobal: boolean;
  keepConfig: (config: JsonObject) => void;
}

/** Runs `read` of a program into the sink, from the states that the runner has. */
export async function readProgram(
  settings: ProcessSourceSettings,
  config: JsonObject,
  facts: ProgramRead,
): Promise<ReadResult> {
  const { read, context } = facts;
  const log: RunContext['log'] = (level, message) => read.sink.log(level, message);
  const files = await SecretFiles.write(settings, { config, catalog: plain(read.catalog), state: stateFile(facts) });
  const quarantine = settings.quarantine_file ?? 'quarantine.txt';
  const unparsable = new UnparsableLines(settings.unparsable ?? 'fail', quarantine, programName(settings), log);
  const reading = new Reading(read, {
    isGlobal: facts.isGlobal,
    isLikelyGlobal: facts.isLikelyGlobal,
    compareCounts: settings.record_counts !== 'ignore',
    name: programName(settings),
    unparsable,
    clock: context.clock,
    keepConfig: facts.keepConfig,
  });
  let child: Child | undefined;
  try {
    child = await Child.start(launch(settings, 'read', files), (line) => log('DEBUG', line));
    child.stdin.end();
    await follow(child, reading, context, read.signal);
  } finally {
    await child?.stop(STOP_MS);
    await files.remove();
    await unparsable.close();
  }
  return reading.result();
}

async function follow(child: Child, reading: Reading, context: RunContext, signal = context.signal): Promise<void> {
  const end = () => void child.stop(STOP_MS);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const lines of child.lines()) {
      context.alive?.();
      await reading.take(lines);
      if (reading.isHopeless) break;
    }
  } catch (error) {
    await child.stop(STOP_MS);
    await reading.end(ConnectorError.from(error), signal.aborted);
    return;
  } finally {
    signal.removeEventListener('abort', end);
  }
  const isStopped = signal.aborted;
  const exit = reading.isHopeless ? await child.stop(STOP_MS) : await child.endWithin(END_MS);
  await reading.end(isStopped || reading.isHopeless ? undefined : exitError(child, exit, context), isStopped);
}

/** What is wrong with how it ended, if anything. */
function exitError(child: Child, exit: Exit, { redact }: RunContext): ConnectorError | undefined {
  if (exit.code === 0) return undefined;
  const how = child.stopping
    ? `closed its output and did not end within ${END_MS / 1_000} seconds`
    : `${exitInWords(exit)} without saying why`;
  const kind = exit.signal === null ? 'system' : 'transient';
  return new ConnectorError(kind, redact(`${child.name} ${how}.${lastWords(child)}`));
}

/** Other programs do not know `overwrite_dedup`: the generations say what it adds. */
export function plain(catalog: ConfiguredCatalog): ConfiguredCatalog {
  return {
    streams: catalog.streams.map((stream) =>
      stream.destination_sync_mode === 'overwrite_dedup'
        ? { ...stream, destination_sync_mode: 'append_dedup' }
        : stream,
    ),
  };
}

/** The states as the protocol writes them; nothing where every stream begins at its beginning. */
function stateFile({ read: { catalog, states, shared }, isGlobal }: ProgramRead): unknown {
  const known = catalog.streams.flatMap(({ stream: { name, namespace } }) => {
    const state = states.get(streamKey({ name, namespace }));
    const descriptor = namespace ? { name, namespace } : { name };
    return state ? [{ stream_descriptor: descriptor, stream_state: state }] : [];
  });
  if (known.length === 0 && shared === undefined) return undefined;
  if (isGlobal || shared !== undefined)
    return [{ type: 'GLOBAL', global: { shared_state: shared ?? null, stream_states: known } }];
  return known.map((stream) => ({ type: 'STREAM', stream }));
}

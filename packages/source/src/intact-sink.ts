import { type StreamDescriptor, streamKey } from '@tidemark/protocol';
import type { Sink } from './sink.js';

type Done = void | Promise<void>;

/**
 * The sink, without states that cover what it has not taken: the cursor is told of a page before the sink has it, so that
 * nothing more is covered of a stream (or of the streams that go on together) whose page the sink has refused.
 */
export function intactSink(sink: Sink): Sink {
  const torn = new Set<string>();
  let refused: { error: unknown } | undefined;
  const alone = (stream: StreamDescriptor, call: () => Done): Done => watch(call, () => torn.add(streamKey(stream)));
  const { lines, pagesTogether, storedTogether, finalTogether, estimate, unparsable } = sink;
  // Every key by name: the compiler says when a sink can do more.
  const intact: { [Key in keyof Required<Sink>]: Sink[Key] } = {
    page: (stream, ...rest) => alone(stream, () => sink.page(stream, ...rest)),
    lines: lines && ((stream, ...rest) => alone(stream, () => lines.call(sink, stream, ...rest))),
    pagesTogether:
      pagesTogether &&
      ((...pages) => {
        if (refused) throw refused.error;
        return watch(
          () => pagesTogether.apply(sink, pages),
          (error) => {
            refused ??= { error };
          },
        );
      }),
    storedTogether: storedTogether?.bind(sink),
    finalTogether: finalTogether && ((...last) => (refused ? undefined : finalTogether.apply(sink, last))),
    finalState: (stream, ...last) => (torn.has(streamKey(stream)) ? undefined : sink.finalState(stream, ...last)),
    restart: (stream, ...rest) => alone(stream, () => sink.restart(stream, ...rest)),
    estimate: estimate?.bind(sink),
    unparsable: unparsable?.bind(sink),
    status: (...about) => sink.status(...about),
    error: (...what) => sink.error(...what),
    log: (level, message) => sink.log(level, message),
  };
  return intact;
}

function watch(call: () => Done, refused: (error: unknown) => void): Done {
  const fail = (error: unknown): never => {
    refused(error);
    throw error;
  };
  try {
    return call()?.catch(fail);
  } catch (error) {
    return fail(error);
  }
}

import { Decimal, type Json, type JsonObject, type Message, parseJson, type TraceMessage } from '@tidemark/protocol';
import { ConnectorError, type ErrorKind } from '@tidemark/source';
import type { Line } from './lines.js';

/** A line that is no message. */
export interface NoMessage {
  readonly type: 'unparsable';
  readonly why: string;
  /** Plain text, as logging libraries print it: no message can have been in it. */
  readonly isPlainText: boolean;
}

/** What each kind of message must have besides its type. */
const PARTS: Record<string, string> = {
  RECORD: 'record',
  STATE: 'state',
  LOG: 'log',
  SPEC: 'spec',
  CONNECTION_STATUS: 'connectionStatus',
  CATALOG: 'catalog',
  TRACE: 'trace',
  CONTROL: 'control',
};

/** Reads a line as a message of the protocol. Kinds that are not known are passed over: `undefined`. */
export function parseMessage(line: Line): Message | NoMessage | undefined {
  if (!line.isText) return { type: 'unparsable', why: 'it is no UTF-8', isPlainText: false };
  let value: Json;
  try {
    value = parseJson(line.text);
  } catch {
    const isPlainText = !/^\s*[{[]/.test(line.text) && !/"(?:type|record|state)"/.test(line.text);
    return { type: 'unparsable', why: isPlainText ? 'it is plain text' : 'it is no valid JSON', isPlainText };
  }
  if (!isObject(value)) return { type: 'unparsable', why: 'it is no JSON object', isPlainText: false };
  const { type } = value;
  if (typeof type !== 'string') return { type: 'unparsable', why: "it has no 'type'", isPlainText: false };
  if (!Object.hasOwn(PARTS, type)) {
    return /^[A-Z_]+$/.test(type) ? undefined : { type: 'unparsable', why: 'its type is unknown', isPlainText: false };
  }
  const why = whatIsMissing(type, value);
  return why === undefined ? (value as unknown as Message) : { type: 'unparsable', why, isPlainText: false };
}

function whatIsMissing(type: string, value: JsonObject): string | undefined {
  const part = value[PARTS[type]!];
  if (!isObject(part)) return `it is a ${type} without '${PARTS[type]}'`;
  if (type === 'RECORD' && typeof part.stream !== 'string') return "it is a RECORD without 'stream'";
  if (type === 'RECORD' && !isObject(part.data)) return "it is a RECORD without 'data'";
  if (type === 'TRACE' && typeof part.type === 'string' && !isObject(part[part.type.toLowerCase()]))
    return `it is a TRACE without '${part.type.toLowerCase().slice(0, 40)}'`;
  return undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Decimal.is(value);
}

const KINDS: Record<string, ErrorKind> = {
  config_error: 'config',
  transient_error: 'transient',
  system_error: 'system',
};

/** A TRACE of type ERROR as an error of ours. */
export function errorOf(trace: Extract<TraceMessage['trace'], { type: 'ERROR' }>): ConnectorError {
  const {
    message,
    internal_message: internal,
    stack_trace: stack,
    failure_type: type,
    stream_descriptor: stream,
  } = trace.error;
  const text =
    typeof message === 'string' && message !== '' ? message : 'The program reports an error without a message.';
  const detail = [internal, stack].filter((part) => typeof part === 'string' && part !== '').join('\n');
  return new ConnectorError(KINDS[type] ?? 'system', text, {
    detail: detail === '' ? undefined : detail,
    stream: stream?.name,
  });
}

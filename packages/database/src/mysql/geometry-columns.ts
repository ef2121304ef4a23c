/** What the driver reads the log's packets with, made anew with each start; its types do not have it. */
interface Command {
  prototype: { binlogData(packet: Packet, connection: unknown): unknown };
}

/** A packet of the log: `offset` stands at the byte in front of the event's header. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
}

const GEOMETRY = 255;
const BLOB = 252;
const TABLE_MAP = 19;
/** A byte of the protocol, then the event's own header: time, type, server, length, next position, flags. */
const TYPE_AT = 5;
const HEADER_BYTES = 20;
const TABLE_ID_AND_FLAGS_BYTES = 8;

/**
 * Makes the driver read MariaDB's shapes as bytes. MariaDB counts them among the columns that have a character set, the driver (as
 * MySQL) does not: the sets of all columns behind one would be those of their neighbours.
 */
export function readGeometriesAsBytes({ prototype }: Command): void {
  const read = prototype.binlogData;
  prototype.binlogData = function (packet, connection) {
    geometriesToBlobs(packet);
    return read.call(this, packet, connection);
  };
}

/** Both types have one byte of metadata and the same form in the rows. */
function geometriesToBlobs({ buffer, offset, end }: Packet): void {
  if (end - offset < HEADER_BYTES || buffer[offset] !== 0 || buffer[offset + TYPE_AT] !== TABLE_MAP) return;
  let at = offset + HEADER_BYTES + TABLE_ID_AND_FLAGS_BYTES;
  // The names of the database and the table, each with its length in front and a zero behind it.
  for (let names = 0; names < 2; names++) at += 2 + buffer[at]!;
  const first = buffer[at]!;
  // At most 4,096 columns: a number of one byte, or of two behind a mark.
  const count = first === 252 ? buffer.readUInt16LE(at + 1) : first;
  at += first === 252 ? 3 : 1;
  for (let i = at; i < at + count; i++) if (buffer[i] === GEOMETRY) buffer[i] = BLOB;
}

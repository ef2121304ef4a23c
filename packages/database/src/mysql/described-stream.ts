import type ZongJi from '@vlasky/zongji';
import type { ColumnSchema, TableMapEntry, TableMapEvent } from '@vlasky/zongji';
import { choicesOf } from './choices.js';
import { readGeometriesAsBytes } from './geometry-columns.js';
import { isPackedText } from './packed-texts.js';
import type { Layout } from './table-layouts.js';

/** What the driver has, and its types do not say. */
interface Inner {
  tableMap: Record<number, TableMapEntry>;
  connection?: { resume(): void };
  readonly isMariaDb: boolean;
  /** Set when `ready` is said. */
  readonly BinlogClass: Parameters<typeof readGeometriesAsBytes>[0];
}

/**
 * The driver's stream of the binlog, with the columns of tables that the log does not describe itself from `columnsOf`. The driver
 * would ask the catalog, which knows the columns of now and not those of the row. Undefined: rows of the table are passed over.
 */
export async function describedStream(
  connection: object,
  columnsOf: (event: TableMapEvent) => Layout | undefined,
): Promise<ZongJi> {
  const { default: Driver } = await import('@vlasky/zongji');
  class Described extends Driver {
    /** Called by the driver in the place of its question to the catalog. */
    _fetchTableInfo(event: TableMapEvent, next: () => void): void {
      const inner = this as unknown as Inner;
      const layout = columnsOf(event);
      if (layout) {
        const columnSchemas = layout.map(columnSchema);
        inner.tableMap[event.tableId] = { columnSchemas, parentSchema: event.schemaName, tableName: event.tableName };
        next();
        return;
      }
      delete inner.tableMap[event.tableId];
      inner.connection?.resume();
    }
  }
  const stream = new Described({
    ...connection,
    charset: 'utf8mb4',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    jsonStrings: true,
  } as never);
  stream.on('ready', () => {
    const { isMariaDb, BinlogClass } = stream as unknown as Inner;
    if (isMariaDb) readGeometriesAsBytes(BinlogClass);
  });
  return stream;
}

function columnSchema([name, type, charset]: Layout[number]): ColumnSchema {
  const choices = choicesOf(type);
  return {
    COLUMN_NAME: name,
    COLLATION_NAME: null,
    CHARACTER_SET_NAME: charset,
    COLUMN_COMMENT: '',
    // The driver's own texts of addresses are not those of the server.
    COLUMN_TYPE: isPackedText(type) ? 'binary(16)' : type,
    ...(choices ? { [/^enum/i.test(type) ? 'ENUM_VALUES' : 'SET_VALUES']: choices } : {}),
  };
}

import type { JsonObject } from '@tidemark/protocol';
import type { RecordData } from '@tidemark/source';

/** The log brings whole rows: without the columns that the catalog leaves out. */
export function chosen(records: RecordData[], schema: JsonObject): RecordData[] {
  const names = chosenNames(schema);
  if (!names) return records;
  for (const record of records) {
    for (const name in record) if (!Object.hasOwn(names, name) && !name.startsWith('_ab_cdc_')) delete record[name];
  }
  return records;
}

/** Whether a stream's schema has a column; one without any is of all. */
export function isChosenBy(schema: JsonObject | undefined): (column: string) => boolean {
  const names = schema && chosenNames(schema);
  return (column) => !names || Object.hasOwn(names, column);
}

function chosenNames({ properties }: JsonObject): object | undefined {
  return typeof properties === 'object' && properties !== null ? properties : undefined;
}

/** How a table is named in states and messages. */
export function tableId(table: { readonly name: string; readonly namespace?: string }): string {
  return table.namespace === undefined ? table.name : `${table.namespace}.${table.name}`;
}

// Tables with every kind of key, for any engine that speaks SQL. Each has, beside its key, `number` (which row it is), `n`
// (what changes), `at` (what only rises) and something to be large by.
import { createHash } from 'node:crypto';

const hash = (i) => createHash('md5').update(`${i}`).digest('hex');
const text = (value) => `'${value}'`;
/** Ten of them lie in each second. */
const moment = (i) => {
  const second = new Date(Date.UTC(2024, 0, 1) + Math.floor(i / 10) * 1000).toISOString().slice(0, 19);
  return text(`${second.replace('T', ' ')}.${`${(i * 7919) % 1_000_000}`.padStart(6, '0')}`);
};

/** The columns of the key and their literals for the row of a number. `types` are the engine's own names. */
const KEYS = {
  by_number: () => ({ id: ['bigint', (i) => `${i * 7 - 9000}`] }),
  by_text: () => ({ id: ['varchar(40)', (i) => text(hash(i))] }),
  by_pair: () => ({ a: ['int', (i) => `${i % 5}`], b: ['varchar(20)', (i) => text(`k${i}`)] }),
  by_uuid: ({ uuid, uuidOf }) => ({ id: [uuid, (i) => uuidOf(hash(`u${i}`))] }),
  by_time: ({ time }) => ({ id: [time, moment] }),
  by_three: ({ time }) => ({
    a: ['int', (i) => `${i % 3}`],
    b: [time, (i) => moment(Math.floor(i / 4))],
    c: ['varchar(20)', (i) => text(`c${i}`)],
  }),
  /** PostgreSQL's: three leaves. */
  parted: () => ({ id: ['bigint', (i) => `${i}`] }),
  bare: () => ({}),
  /** Rows with equal values of the cursor are only added: each must come once. */
  steps: () => ({ id: ['bigint', (i) => `${i}`] }),
  /** Rows are changed, too. */
  rising: () => ({ id: ['varchar(40)', (i) => text(hash(i))] }),
};

/** What the rows rise by that are there from the start: a few of each value, as more of one than a mark remembers come again. */
export const firstTick = (i) => Math.ceil(i / 7);
/** A value of the cursor, or how it is made of a row's number. */
export const tickOf = (tick, i) => (typeof tick === 'function' ? tick(i) : tick);

/** What the cursor of a table is made of. */
const RISES = { steps: 'number', rising: 'time' };

/**
 * `query` runs a statement and gives its rows. `types`: `{ uuid, uuidOf(hex), time }`. `views`: what is read whole beside the tables.
 */
export function sqlTables({ query, types }) {
  const columns = (table) => Object.entries(KEYS[table](types));
  const cursor = (table, tick) => (RISES[table] === 'time' ? moment(tick * 10) : `${tick}`);
  const where = (number) => `WHERE number = ${number}`;
  return {
    async create(table, rows, { after = '' } = {}) {
      const key = columns(table);
      const primary = key.length > 0 ? [`PRIMARY KEY (${key.map(([name]) => name).join(', ')})`] : [];
      const at = RISES[table] === 'time' ? types.time : 'bigint';
      const own = key.map(([name, [type]]) => `${name} ${type} NOT NULL`);
      const list = [...own, 'number int', 'n bigint', `at ${at}`, 'filler char(60)', ...primary];
      await query(`CREATE TABLE ${table} (${list.join(', ')})${after}`);
      await query(`CREATE INDEX ${table}_number ON ${table} (number)`);
      if (RISES[table]) await query(`CREATE INDEX ${table}_at ON ${table} (at)`);
      for (let from = 1; from <= rows; from += 500)
        await this.insert(
          table,
          Array.from({ length: Math.min(500, rows - from + 1) }, (_, i) => from + i),
          { n: 0, tick: firstTick },
        );
    },
    insert(table, numbers, { n, tick }) {
      const key = columns(table);
      const names = [...key.map(([name]) => name), 'number', 'n', 'at', 'filler'].join(', ');
      const row = (i) =>
        `(${[...key.map(([, [, literal]]) => literal(i)), i, n, cursor(table, tickOf(tick, i)), text('x')].join(', ')})`;
      return query(`INSERT INTO ${table} (${names}) VALUES ${numbers.map(row).join(', ')}`);
    },
    /** Changes a fiftieth of the rows in one statement. */
    update: (table, number, { n, tick }) =>
      query(`UPDATE ${table} SET n = ${n}, at = ${cursor(table, tick)} WHERE number % 50 = ${number % 50}`),
    remove: (table, number) => query(`DELETE FROM ${table} ${where(number)}`),
    /** Another key for a row. */
    move(table, number, to) {
      const set = columns(table).map(([name, [, literal]]) => `${name} = ${literal(to)}`);
      return query(`UPDATE ${table} SET ${set.join(', ')} ${where(number)}`);
    },
    rows: async (table) => (await query(`SELECT number, n FROM ${table}`)).map(({ number, n }) => `${number}: ${n}`),
  };
}

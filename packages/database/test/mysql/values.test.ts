import { Decimal, stringify } from '@tidemark/protocol';
import { changesOf } from '@tidemark/source';
import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { open, readStream, run } from './server.js';

const LOST = Symbol('lost');

/** A type, its JSON schema, and what values become: SQL → record. */
const TYPES: Record<string, { schema: object; values: [sql: string, value: unknown][]; only?: 'mysql' | 'mariadb' }> = {
  'TINYINT(1)': {
    schema: { type: ['null', 'boolean'] },
    values: [
      ['0', false],
      ['1', true],
      ['9', LOST],
      ['NULL', null],
    ],
  },
  'BIT(1)': {
    schema: { type: ['null', 'boolean'] },
    values: [
      ["b'0'", false],
      ["b'1'", true],
    ],
  },
  'BIT(12)': { schema: { type: ['null', 'string'] }, values: [["b'100000000001'", 'CAE=']] },
  TINYINT: { schema: { type: ['null', 'integer'] }, values: [['-128', -128]] },
  'TINYINT UNSIGNED': { schema: { type: ['null', 'integer'] }, values: [['255', 255]] },
  SMALLINT: { schema: { type: ['null', 'integer'] }, values: [['-32768', -32768]] },
  MEDIUMINT: { schema: { type: ['null', 'integer'] }, values: [['8388607', 8388607]] },
  INT: { schema: { type: ['null', 'integer'] }, values: [['-2147483648', -2147483648]] },
  'INT(6) ZEROFILL': { schema: { type: ['null', 'integer'] }, values: [['7', 7]] },
  BIGINT: {
    schema: { type: ['null', 'integer'] },
    values: [
      ['-9223372036854775808', -9223372036854775808n],
      ['9007199254740993', 9007199254740993n],
    ],
  },
  'BIGINT UNSIGNED': {
    schema: { type: ['null', 'integer'] },
    values: [['18446744073709551615', 18446744073709551615n]],
  },
  YEAR: {
    schema: { type: ['null', 'integer'] },
    values: [
      ['1901', 1901],
      ['2155', 2155],
      ['0', 0],
    ],
  },
  FLOAT: {
    schema: { type: ['null', 'number'] },
    values: [
      ['0.1', 0.1],
      ['16777217', 16777216],
      ['3.4028234e38', 3.4028235e38],
      ['1e-10', 1e-10],
    ],
  },
  DOUBLE: {
    schema: { type: ['null', 'number'] },
    values: [
      ['0.1', 0.1],
      ['1.7976931348623157e308', 1.7976931348623157e308],
      ['5e-324', 5e-324],
      ['0.30000000000000004', 0.30000000000000004],
    ],
  },
  'DECIMAL(65,0)': { schema: { type: ['null', 'integer'] }, values: [[`${'9'.repeat(65)}`, BigInt('9'.repeat(65))]] },
  'DECIMAL(40,10)': {
    schema: { type: ['null', 'number'] },
    values: [
      ['123456789012345678901234567890.0123456789', '123456789012345678901234567890.0123456789'],
      ['-0.5', '-0.5000000000'],
    ],
  },
  DATE: {
    schema: { type: ['null', 'string'], format: 'date' },
    values: [
      ["'2024-02-29'", '2024-02-29'],
      ["'0000-00-00'", LOST],
      ["'2024-00-10'", LOST],
      ["'9999-12-31'", '9999-12-31'],
    ],
  },
  'DATETIME(6)': {
    schema: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
    values: [
      ["'2024-02-29 23:59:59.123456'", '2024-02-29T23:59:59.123456'],
      ["'0000-00-00 00:00:00'", LOST],
    ],
  },
  DATETIME: {
    schema: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
    values: [["'2024-02-29 23:59:59'", '2024-02-29T23:59:59.000000']],
  },
  'TIMESTAMP(3) NULL': {
    schema: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
    values: [
      ["'2024-03-31 01:30:00.123'", '2024-03-31T01:30:00.123000Z'],
      ["'0000-00-00 00:00:00'", LOST],
    ],
  },
  'TIME(6)': {
    schema: { type: ['null', 'string'], format: 'time', airbyte_type: 'time_without_timezone' },
    values: [
      ["'23:59:59.999999'", '23:59:59.999999'],
      ["'-00:00:01'", LOST],
      ["'24:00:00'", LOST],
      ["'838:59:59'", LOST],
    ],
  },
  'CHAR(4)': {
    schema: { type: ['null', 'string'] },
    values: [
      ["'ab'", 'ab'],
      ["''", ''],
    ],
  },
  'VARCHAR(40)': { schema: { type: ['null', 'string'] }, values: [["'ünï🙂\\0\\n\\t\"'", 'ünï🙂\0\n\t"']] },
  'VARCHAR(40) CHARACTER SET latin1': { schema: { type: ['null', 'string'] }, values: [["'äöü€'", 'äöü€']] },
  LONGTEXT: { schema: { type: ['null', 'string'] }, values: [["'text'", 'text']] },
  "ENUM('a','b''c')": { schema: { type: ['null', 'string'] }, values: [["'b''c'", "b'c"]] },
  "SET('x','y','z')": {
    schema: { type: ['null', 'string'] },
    values: [
      ["'z,x'", 'x,z'],
      ["''", ''],
    ],
  },
  'BINARY(3)': { schema: { type: ['null', 'string'] }, values: [["x'ff0001'", '/wAB']] },
  'VARBINARY(8)': {
    schema: { type: ['null', 'string'] },
    values: [
      ["x''", ''],
      ["x'00ff'", 'AP8='],
    ],
  },
  BLOB: { schema: { type: ['null', 'string'] }, values: [["x'deadbeef'", '3q2+7w==']] },
  JSON: { schema: { type: ['null', 'string'] }, values: [['\'{"a": 1}\'', '{"a": 1}']] },
  POINT: { schema: { type: ['null', 'string'] }, values: [['POINT(1, 2)', 'AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA==']] },
  UUID: {
    only: 'mariadb',
    schema: { type: ['null', 'string'] },
    values: [["'123E4567-e89b-12d3-a456-426614174000'", '123e4567-e89b-12d3-a456-426614174000']],
  },
  INET6: {
    only: 'mariadb',
    schema: { type: ['null', 'string'] },
    values: [["'2001:db8::ff00:42:8329'", '2001:db8::ff00:42:8329']],
  },
};

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: every type`, (server) => {
    const types = Object.entries(TYPES).filter(([, { only }]) => only === undefined || only === flavour);
    it.each(types)('%s', async (type, { schema, values }) => {
      await run(
        server(),
        'DROP TABLE IF EXISTS typed',
        `CREATE TABLE typed (id INT PRIMARY KEY, v ${type})`,
        ...values.map(([sql], i) => `INSERT INTO typed VALUES (${i}, ${sql})`),
      );
      const { connection } = await open(flavour, server(), { reading: { method: 'none' } });
      const stream = connection.streams.find(({ name }) => name === 'typed')!;
      const { properties } = (await stream.describe()).json_schema as { properties: { v: object } };
      expect(properties.v).toMatchObject(schema);
      const { sent, errors } = await readStream(connection, 'typed');
      expect(errors).toEqual([]);
      const records = sent.flatMap((message) => (message.kind === 'record' ? [message.record] : []));
      records.forEach((record, i) => {
        const wanted = values[i]![1];
        if (wanted === LOST) {
          expect([values[i]![0], record.v]).toEqual([values[i]![0], null]);
          expect(changesOf(record)).toEqual([{ field: 'v', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' }]);
          return;
        }
        expect(changesOf(record)).toBeUndefined();
        // Decimals by their digits: a double could not tell them apart.
        if (Decimal.is(record.v)) expect(stringify(record.v)).toBe(wanted);
        else
          expect(typeof wanted === 'string' && typeof record.v === 'number' ? Number(wanted) : wanted).toEqual(
            record.v,
          );
      });
      expect(records).toHaveLength(values.length);
      await connection.close();
    });
  });
}

import { describe, expect, it } from 'vitest';
import { remadeColumn } from '../../src/mysql/binlog-statements.js';
import { isWidened } from '../../src/mysql/shape.js';

describe('what an ALTER TABLE does to the values of rows', () => {
  it.each([
    ['int(11)', 'int'],
    ['int unsigned', 'bigint unsigned'],
    ['tinyint(4)', 'smallint'],
    ['year(4)', 'year'],
    ['varchar(20)', 'varchar(21)'],
    ['varbinary(20)', 'varbinary(99)'],
    ['text', 'longtext'],
    ["enum('a','B')", "enum('a','B','c')"],
    ["set('a')", "set('a','b)')"],
  ])('keeps those of %s as %s', (before, now) => expect(isWidened(before, now)).toBe(true));

  it.each([
    ['bigint', 'int'],
    ['int', 'int unsigned'],
    ['tinyint(1)', 'tinyint(4)'],
    ['tinyint(1)', 'int'],
    ['int', 'tinyint(1)'],
    ['int', 'varchar(20)'],
    ['varchar(20)', 'varchar(19)'],
    ['varchar(20)', 'char(20)'],
    ['longtext', 'text'],
    ['decimal(9,2)', 'decimal(9,0)'],
    ['datetime(6)', 'datetime'],
    ["enum('a','B')", "enum('B','a')"],
    ["enum('a')", "enum('A','b')"],
    ["enum('a','b')", "enum('a')"],
  ])('does not say so of %s as %s', (before, now) => expect(isWidened(before, now)).toBe(false));

  it.each([
    ['ALTER TABLE t DROP COLUMN a', 'a'],
    ['alter table t drop `A`, add x int', 'a'],
    ['ALTER TABLE t DROP COLUMN IF EXISTS a', 'a'],
    ['ALTER TABLE t RENAME COLUMN x TO b, RENAME COLUMN y TO z', 'b'],
    ['ALTER TABLE t ADD y int, CHANGE COLUMN x a int', 'a'],
    ['ALTER TABLE t CHANGE a a bigint', undefined],
    ['ALTER TABLE t RENAME COLUMN a TO x', undefined],
    ['ALTER TABLE t MODIFY a bigint, ADD COLUMN c int', undefined],
    ['ALTER TABLE t DROP INDEX a, DROP PRIMARY KEY', undefined],
    ['ALTER TABLE t DROP PARTITION a', undefined],
    ['ALTER TABLE t ALTER a DROP DEFAULT', undefined],
  ])('%s makes another one of %s', (statement, column) => expect(remadeColumn(statement, ['a', 'b'])).toBe(column));
});

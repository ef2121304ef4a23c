import { describe, expect, it } from 'vitest';
import { type BuildContext, Builder, type ComponentDefinition, Registry } from '../../src/component/index.js';
import { customStateMigration } from '../../src/components/cursors/custom-state-migration.js';
import { legacyToPerPartitionStateMigration } from '../../src/components/cursors/legacy-to-per-partition-state-migration.js';
import { type StateMigration, stateMigrationSlot } from '../../src/components/cursors/state-migration-slot.js';

function build(raw: { type: string; class_name?: string }, custom?: unknown): StateMigration {
  const words = [customStateMigration, legacyToPerPartitionStateMigration] as unknown as ComponentDefinition[];
  const builder = new Builder(new Registry(words));
  return builder.build(raw, stateMigrationSlot, {
    config: {},
    builder,
    clock: () => 0,
    customComponent: () => custom,
  } as unknown as BuildContext);
}

describe('LegacyToPerPartitionStateMigration', () => {
  const migration = build({ type: 'LegacyToPerPartitionStateMigration' });
  const stream = { cursorField: 'at', partitionFields: ['pid'] };
  const legacy = { '13': { at: '2022-12-27' }, b: { at: '2023-01-01' } };

  it('makes a list of partitions of an object of them', () => {
    expect(migration.shouldMigrate(legacy, stream)).toBe(true);
    expect(migration.migrate(legacy, stream)).toEqual({
      states: [
        { partition: { pid: '13' }, cursor: { at: '2022-12-27' } },
        { partition: { pid: 'b' }, cursor: { at: '2023-01-01' } },
      ],
    });
  });

  it('leaves every other state alone', () => {
    for (const state of [
      {},
      { states: [] },
      { at: '2022' },
      { '13': { other: 1 } },
      { '13': { at: 1, more: 2 } },
      { '13': null },
      { '13': ['at'] },
      { ...legacy, x: 1 },
    ]) {
      expect(migration.shouldMigrate(state as never, stream)).toBe(false);
    }
    expect(migration.shouldMigrate(legacy, { cursorField: 'at', partitionFields: ['a', 'b'] })).toBe(false);
    expect(migration.shouldMigrate(legacy, { cursorField: 'at', partitionFields: undefined })).toBe(false);
    expect(migration.shouldMigrate(legacy)).toBe(false);
  });
});

describe('CustomStateMigration', () => {
  it("is made by the author's code", () => {
    const made = build({ type: 'CustomStateMigration', class_name: 'a.B' }, () => ({
      shouldMigrate: () => true,
      migrate: () => ({ at: 1 }),
    }));
    expect(made.shouldMigrate({})).toBe(true);
    expect(made.migrate({})).toEqual({ at: 1 });
  });

  it('is refused where there is no such code', () => {
    expect(() => build({ type: 'CustomStateMigration', class_name: 'a.B' })).toThrow(/CustomStateMigration 'a.B'/);
  });
});

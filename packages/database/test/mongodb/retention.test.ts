import { Timestamp } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { oplogFindings } from '../../src/mongodb/check-changes.js';
import type { Opened } from '../../src/mongodb/clients.js';
import { readingSettings } from '../../src/reading-settings.js';

const HOUR = 3600;
const BEGIN = 1_700_000_000;

/** A server that answers what the stand-in does not know. */
function answering(answers: Record<string, object>, hours = 10): Opened {
  const findOne = async (_: object, { sort }: { sort: { $natural: number } }) => ({
    ts: new Timestamp({ t: sort.$natural === 1 ? BEGIN : BEGIN + hours * HOUR, i: 1 }),
  });
  const command = async (asked: object) => {
    const found = answers[Object.keys(asked)[0]!];
    if (!found) throw new Error('not authorized');
    return found;
  };
  return { client: { db: () => ({ collection: () => ({ findOne }), command }) } } as unknown as Opened;
}

describe('an oplog', () => {
  const severities = async (answers: Record<string, object>, sync_interval_hours: number) =>
    (await oplogFindings(answering(answers), readingSettings({ sync_interval_hours }))).map(({ severity }) => severity);

  it('that is full has room for what it has', async () => {
    const full = { collStats: { size: 4000, maxSize: 4000 } };
    expect(await oplogFindings(answering(full), readingSettings({ sync_interval_hours: 40 }))).toEqual([
      {
        severity: 'blocking',
        problem:
          'At what is written now, the oplog has room for 10 hours, and two syncs are 40 hours apart (sync_interval_hours): a sync that comes too late has to load the tables again.',
        remedy: 'db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: 80 })',
      },
    ]);
    expect(await severities(full, 10)).toEqual(['hint']);
    expect(await severities(full, 5)).toEqual([]);
    expect((await oplogFindings(answering(full), readingSettings())).map(({ severity }) => severity)).toEqual(['hint']);
  });

  it('may be young where it cannot be seen whether it is full', async () => {
    expect(await severities({}, 11)).toEqual(['hint']);
    const [young] = await oplogFindings(answering({}), readingSettings({ sync_interval_hours: 11 }));
    expect(young!.problem).toMatch(/^The oplog reaches back 10 hours, and two syncs are 11 hours apart/);
    expect(await oplogFindings(answering({}, 0), readingSettings({ sync_interval_hours: 40 }))).toEqual([]);
  });

  it('that is not full reaches further back when it is', async () => {
    const young = { collStats: { size: 1000, maxSize: 4000 } };
    expect(await severities(young, 20)).toEqual([]);
    expect(await severities(young, 21)).toEqual(['hint']);
    expect(await severities(young, 41)).toEqual(['blocking']);
    expect(await severities({ collStats: { size: 4001, maxSize: 4000 } }, 11)).toEqual(['blocking']);
  });

  it('is kept for a time that the server is told', async () => {
    const full = { collStats: { size: 4000, maxSize: 4000 } };
    const told = { ...full, serverStatus: { oplogTruncation: { oplogMinRetentionHours: 48 } } };
    expect(await severities(told, 24)).toEqual([]);
    expect(await severities(told, 49)).toEqual(['blocking']);
    expect(await severities({ ...full, serverStatus: {} }, 11)).toEqual(['blocking']);
  });
});

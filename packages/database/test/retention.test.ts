import { describe, expect, it } from 'vitest';
import { databaseSourceFromManifest } from '../src/index.js';
import { readingSettings } from '../src/reading-settings.js';
import { retentionFindings } from '../src/retention.js';

describe('what a server keeps beside the time between two syncs', () => {
  const found = (hours: number, sync_interval_hours?: number) =>
    retentionFindings(readingSettings({ sync_interval_hours }), {
      hours,
      sentence: 'It is kept for',
      remedy: (wanted) => `keep it for ${wanted} hours`,
    }).map(({ severity, problem, remedy }) => [severity, problem, remedy]);

  it('fails below it and warns below twice of it, with both numbers', () => {
    expect(found(5, 6)).toEqual([
      [
        'blocking',
        'It is kept for 5 hours, and two syncs are 6 hours apart (sync_interval_hours): a sync that comes too late has to load the tables again.',
        'keep it for 12 hours',
      ],
    ]);
    for (const hours of [6, 11.99])
      expect(found(hours, 6)).toEqual([
        ['hint', expect.stringContaining(' hours, less than twice the time between two syncs'), 'keep it for 12 hours'],
      ]);
    expect(found(12, 6)).toEqual([]);
    expect(found(0.2, 0.25)[0]![1]).toContain('12 minutes, and two syncs are 15 minutes apart');
    expect(found(1, 0.75)[0]![2]).toBe('keep it for 2 hours');
  });

  it('only warns where nobody has said how far apart syncs are, and takes a day', () => {
    expect(found(23)).toEqual([
      [
        'hint',
        'It is kept for 23 hours, and two syncs are taken to be a day apart (sync_interval_hours is not set): a sync that comes too late has to load the tables again.',
        'keep it for 48 hours',
      ],
    ]);
    expect(found(47)[0]![0]).toBe('hint');
    expect(found(48)).toEqual([]);
  });

  it('is set in a manifest', async () => {
    const manifest = (sync_interval_hours: number | string) =>
      databaseSourceFromManifest({ type: 'DatabaseSource', dialect: 'postgres', cursors: { sync_interval_hours } });
    await expect(manifest(0)).rejects.toThrow("'cursors.sync_interval_hours' must be more than 0");
    await expect(manifest('6')).rejects.toThrow("'cursors.sync_interval_hours' must be of type number");
    expect(await manifest(0.5)).toHaveProperty('connect');
  });

  it('takes no time that is none', () => {
    for (const wrong of [0, -1, Number.NaN])
      expect(() => readingSettings({ sync_interval_hours: wrong })).toThrow(
        "'sync_interval_hours' must be a number, 0.0001 or more",
      );
  });
});

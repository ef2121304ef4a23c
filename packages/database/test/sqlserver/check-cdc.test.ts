import type { JsonObject } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import type { TableWish } from '../../src/index.js';
import { type CdcServer, connect, pets } from './cdc-server.js';

describe('what change data capture needs', () => {
  const findings = async (server: CdcServer, wishes?: TableWish[], sync_interval_hours?: number) => {
    const { connection } = await connect(server, { sync_interval_hours }, wishes);
    return JSON.parse((await connection.check!()).message!) as JsonObject[];
  };
  const complete = (server: CdcServer, edition = '3'): CdcServer => {
    server.answers.set('HAS_PERMS_BY_NAME', [['1']]);
    server.answers.set('EngineEdition', [[edition]]);
    server.answers.set('dm_server_services', [['Running']]);
    server.answers.set('cdc_jobs', [
      ['capture', null],
      ['cleanup', '4320'],
    ]);
    return server;
  };

  it('is said all at once, with the statement that mends each', async () => {
    expect(await findings(complete(pets()))).toEqual([]);
    const bad = complete(pets());
    bad.table("o'clock", ['id']);
    bad.tables.get('pets')!.columns.push('color');
    bad.answers.set('dm_server_services', [['Stopped']]);
    bad.answers.set('cdc_jobs', [['cleanup', '60']]);
    expect(await findings(bad)).toMatchSnapshot('bad');
    bad.isEnabled = false;
    bad.instances.length = 0;
    expect(await findings(bad)).toMatchSnapshot('not enabled');
    const blind = complete(pets());
    blind.answers.set('dm_server_services', new Error('VIEW SERVER STATE permission was denied'));
    blind.answers.set('cdc_jobs', new Error('The SELECT permission was denied'));
    expect(await findings(blind)).toMatchSnapshot('blind');
    blind.answers.set('HAS_PERMS_BY_NAME', [['0']]);
    expect((await findings(blind))[0]).toMatchObject({
      severity: 'blocking',
      remedy: 'GRANT SELECT ON SCHEMA::cdc TO [reader];',
    });
    const statements = complete(pets());
    await findings(statements);
    expect(statements.asked).toMatchSnapshot('statements');
  });

  it('is changes that are kept for as long as syncs are apart', async () => {
    const server = complete(pets());
    expect(await findings(server, undefined, 36)).toEqual([]);
    expect(await findings(server, undefined, 37)).toMatchObject([
      { severity: 'hint', problem: expect.stringMatching(/keeps changes for 72 hours, less than .* 37 hours apart/) },
    ]);
    expect(await findings(server, undefined, 100)).toMatchObject([
      {
        severity: 'blocking',
        problem: expect.stringMatching(/keeps changes for 72 hours, and two syncs are 100 hours apart/),
        remedy: "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = 12000;",
      },
    ]);
  });

  it('is not the Agent on Azure', async () => {
    for (const edition of ['5', '8']) {
      const server = complete(pets(), edition);
      server.answers.set('dm_server_services', [['Stopped']]);
      expect(await findings(server)).toEqual([]);
      expect(server.asked.filter((sql) => sql.includes('cdc_jobs'))[0]).toContain(
        edition === '5' ? 'FROM cdc.cdc_jobs' : 'msdb.dbo',
      );
    }
  });
});

import { expect, it } from 'vitest';
import { describeWith, mariadb, mysql } from '../../../../scripts/servers/vitest.mjs';
import { lastState, readLog } from '../log-reading.js';
import { open, run } from './server.js';

for (const [flavour, kind] of [
  ['mysql', mysql],
  ['mariadb', mariadb],
] as const) {
  describeWith(kind, `${flavour}: rows that foreign keys change`, (server) => {
    it('are not in the log: the check and the reading name their tables', async () => {
      const { database } = server();
      await run(
        server(),
        "CREATE USER 'reads'@'%' IDENTIFIED BY 'reads'",
        `GRANT SELECT ON ${database}.* TO 'reads'@'%'`,
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'reads'@'%'",
        'CREATE TABLE parent (id INT PRIMARY KEY, code INT UNIQUE)',
        `CREATE TABLE child (id INT PRIMARY KEY, p INT, c INT,
          CONSTRAINT goes FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE,
          CONSTRAINT \`is \`\`set\` FOREIGN KEY (c) REFERENCES parent (code) ON UPDATE CASCADE ON DELETE SET NULL)`,
        'CREATE TABLE held (id INT PRIMARY KEY, p INT, CONSTRAINT holds FOREIGN KEY (p) REFERENCES parent (id) ON DELETE RESTRICT)',
        `CREATE TABLE elsewhere (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)`,
        'INSERT INTO parent VALUES (1, 10), (2, 20)',
        'INSERT INTO child VALUES (1, 1, 10), (2, 2, 20)',
      );
      const names = ['parent', 'child', 'held'];
      const settings = { reading: { method: 'log' as const }, streams: names.map((name) => ({ name })) };
      for (const account of [{ username: 'reads', password: 'reads' }, undefined]) {
        const { connection } = await open(flavour, server(), settings, account);
        const { succeeded, message = '' } = await connection.check();
        expect(succeeded).toBe(true);
        const said = message.split('\n').filter((line) => line.includes('foreign key'));
        expect(said).toHaveLength(1);
        const keys = [
          `goes (ON DELETE CASCADE, of ${database}.parent)`,
          `is \`set (ON DELETE SET NULL, ON UPDATE CASCADE, of ${database}.parent)`,
        ];
        expect(said[0]).toContain(`${database}.child: `);
        expect(said[0]).toContain(keys.join(', '));
        await connection.close();
      }
      const { connection, logs } = await open(flavour, server(), settings);
      const load = await readLog(connection, { streams: names });
      await run(server(), 'DELETE FROM parent WHERE id = 1', 'INSERT INTO child VALUES (3, 2, 20)');
      const first = await readLog(connection, { after: load, streams: names });
      expect(first.errors).toEqual([]);
      // The server has deleted a row of the child, too.
      const children = first.sent.flatMap((each) => (each.kind === 'record' && each.stream === 'child' ? [each] : []));
      expect(children.map(({ record }) => [record.id, record._ab_cdc_deleted_at])).toEqual([[3, null]]);
      const warnings = logs.filter((line) => line.includes('foreign key'));
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`${database}.child: `);
      expect(warnings[0]).toContain(`goes (ON DELETE CASCADE, of ${database}.parent)`);
      expect(warnings[0]).not.toContain('holds');
      expect(lastState(first)).toBeDefined();
      await connection.close();
    });
  });
}

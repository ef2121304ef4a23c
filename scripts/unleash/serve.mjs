// Run in the folder where unleash-server is installed: starts it and says so. node serve.mjs FOLDER PG_PORT PORT
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , folder, database, port] = process.argv;
const found = createRequire(join(folder, 'package.json')).resolve('unleash-server');
const { start } = await import(pathToFileURL(found));
await start({
  db: { host: '127.0.0.1', port: Number(database), user: 'postgres', password: 'x', database: 'unleash', ssl: false },
  server: { port: Number(port), host: '127.0.0.1' },
  logLevel: 'error',
  versionCheck: { enable: false },
});
process.stdout.write('ready\n');

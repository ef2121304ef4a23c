#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`tidemark needs Node 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
// Newer Nodes keep compiled code from run to run.
(await import('node:module')).enableCompileCache?.();
const { main } = await import('../dist/main.js');
await main(process.argv.slice(2));

// node examples/demo-api/main.mjs [PORT]: the demo API by itself, until Ctrl-C.
import { startDemoApi } from './server.mjs';

const api = await startDemoApi({ port: Number(process.argv[2] ?? 8080) });
process.stdout.write(`The demo API answers at ${api.url}/v1 (Authorization: Bearer demo-token).\n`);

import { loadSource } from '../input/manifest.js';
import type { CommandOptions } from '../options.js';
import { runProtocol } from './run-protocol.js';

/** `tidemark spec`: the SPEC message. No configuration, no network. */
export function spec(manifest: string, options: CommandOptions): Promise<number> {
  return runProtocol(options, async ({ output, context }) => {
    const source = await loadSource(manifest, options, context.log);
    await output.message({ type: 'SPEC', spec: await source.spec() });
    return 0;
  });
}

/** What is installed from PyPI: clients and sources that nobody here wrote. */
export const PACKAGES: readonly string[];
/** Where it is kept. */
export const clientsFolder: string;
/** Whether the clients can be run, or why not. */
export function clientsAvailable(): { ok: true } | { ok: false; why: string };
/** The absolute path of a program of the installed clients: `python`, `source-smoke-test`. */
export function clientProgram(name: string): string;

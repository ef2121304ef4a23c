import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorError } from '@tidemark/source';
import { type Line, linesOf } from './lines.js';
import type { Launch } from './program.js';

const STDERR_CHARACTERS = 8_192;
const LEFT_BEHIND_MS = 5_000;

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running program: its output as lines, its input, its end. */
export class Child {
  readonly exited: Promise<Exit>;
  /** The program has been told to end. */
  stopping = false;
  private errorTail = '';
  private exit: Exit | undefined;

  private constructor(
    private readonly subprocess: ChildProcess,
    readonly name: string,
    private readonly container: string | undefined,
    /** Each line on standard error, for the log. */
    onError: (line: string) => void,
  ) {
    this.exited = new Promise((resolve) => {
      subprocess.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
        // What it has started may hold its output open for ever; what is in the pipe can still be read.
        setTimeout(() => this.signal('SIGKILL'), LEFT_BEHIND_MS).unref();
      });
    });
    // Who writes to a program that has ended is told by its exit.
    subprocess.stdin?.on('error', () => undefined);
    this.keepErrors(subprocess.stderr!, onError);
  }

  /** Starts it. Throws ConnectorError (config) when there is no such program. */
  static async start(launch: Launch, onError: (line: string) => void): Promise<Child> {
    const started = spawn(launch.command, launch.args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...launch.environment },
      // A group of its own: Ctrl-C is ours to pass on, and what the program starts ends with it.
      detached: true,
    });
    const child = new Child(started, launch.name, launch.container, onError);
    await new Promise<void>((resolve, reject) => {
      started.once('spawn', resolve);
      started.once('error', (error: NodeJS.ErrnoException) => reject(notStarted(launch, error)));
    });
    started.on('error', () => undefined);
    return child;
  }

  get stdin(): Writable {
    return this.subprocess.stdin!;
  }

  get pid(): number | undefined {
    return this.subprocess.pid;
  }

  get hasExited(): boolean {
    return this.exit !== undefined;
  }

  /** What it writes to standard output; the program waits while nobody asks for more. */
  async *lines(): AsyncGenerator<Line[]> {
    try {
      yield* linesOf(this.subprocess.stdout as AsyncIterable<Buffer>);
    } catch (error) {
      // Cut by `endWithin`.
      if (!this.stopping || (error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }

  /** The last of what it wrote to standard error. */
  get lastErrors(): string {
    return this.errorTail.trim();
  }

  /** SIGTERM; after `graceMs`, SIGKILL, for everything that it has started too. Settles when it has ended. */
  async stop(graceMs: number): Promise<Exit> {
    this.stopping = true;
    if (!this.exit) this.signal('SIGTERM');
    return this.endWithin(graceMs);
  }

  /** Waits so long for its end, then SIGKILL. */
  async endWithin(ms: number): Promise<Exit> {
    const exit = await this.exitWithin(ms);
    if (exit) {
      this.signal('SIGKILL');
      return exit;
    }
    this.stopping = true;
    this.signal('SIGKILL');
    if (this.container !== undefined)
      spawn('docker', ['kill', this.container], { stdio: 'ignore' }).on('error', () => undefined);
    const end = await this.exited;
    // Somebody outside its group may still hold the pipe.
    const cut = setTimeout(() => this.subprocess.stdout?.destroy(), 500);
    this.subprocess.stdout?.once('close', () => clearTimeout(cut));
    return end;
  }

  /** Its end, or undefined when it has not come by then. */
  async exitWithin(ms: number): Promise<Exit | undefined> {
    if (this.exit) return this.exit;
    const over = new AbortController();
    try {
      return await Promise.race([this.exited, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
    } finally {
      over.abort();
    }
  }

  /** To the whole group, whose other members may outlive the program. */
  private signal(signal: NodeJS.Signals): void {
    const { pid } = this.subprocess;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left.
    }
  }

  private keepErrors(stderr: Readable, onError: (line: string) => void): void {
    const decoder = new StringDecoder('utf8');
    let line = '';
    stderr.on('error', () => undefined);
    stderr.on('data', (piece: Buffer) => {
      const text = decoder.write(piece);
      this.errorTail = (this.errorTail + text).slice(-STDERR_CHARACTERS);
      const parts = (line + text).split('\n');
      line = parts.pop()!.slice(-STDERR_CHARACTERS);
      for (const part of parts) if (part.trim() !== '') onError(part.trimEnd().slice(0, STDERR_CHARACTERS));
    });
    stderr.on('end', () => {
      if (line.trim() !== '') onError(line.trimEnd());
    });
  }
}

function notStarted(launch: Launch, error: NodeJS.ErrnoException): ConnectorError {
  const why =
    error.code === 'ENOENT'
      ? launch.container === undefined
        ? 'there is no such program; name one that is on the PATH, or its whole path'
        : 'there is no docker on the PATH'
      : error.code === 'EACCES'
        ? 'it may not be executed'
        : `it could not be started (${error.code})`;
  return new ConnectorError('config', `The program '${launch.command}' cannot run: ${why}.`, { cause: error });
}

/** How it ended, in words. */
export function exitInWords({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The host with its boot and its process numbers: the same text means that a process number means the same. */
export function thisMachine(): string {
  const facts = [hostname()];
  try {
    facts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
  } catch {
    // Not Linux: the host's name has to do.
  }
  return facts.join(' ');
}

/** True when there is a process of this number on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

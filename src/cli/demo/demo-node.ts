/** A node of the demo: a process of its own, on a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeStatus } from '../../node/node-status.js';
import { compiledEntry } from '../../runtime/compiled-entry.js';
import { callControl } from '../control-client.js';

const MAIN = fileURLToPath(compiledEntry(new URL('../main.js', import.meta.url)));
const READY_MS = 30_000;

interface ReadyLine {
  readonly client: string;
  readonly admin: string;
  readonly replication: string | null;
}

export class DemoNode {
  readonly dataDir: string;
  readonly client: string;
  readonly admin: string;
  readonly replication: string | null;
  /** Resolves when the process is gone, with its exit code; null when a signal ended it. */
  readonly gone: Promise<number | null>;
  private readonly child: ChildProcess;

  private constructor(dataDir: string, child: ChildProcess, ready: ReadyLine) {
    this.dataDir = dataDir;
    this.child = child;
    this.client = ready.client;
    this.admin = ready.admin;
    this.replication = ready.replication;
    this.gone = new Promise((resolve) => child.once('exit', resolve));
  }

  /** Starts `ringfence serve` on `dataDir`; its log goes to `<dataDir>/node.log`. Resolves when it is ready. */
  static async start(
    dataDir: string,
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<DemoNode> {
    const logFile = join(dataDir, 'node.log');
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, [MAIN, 'serve', '--json', '--data-dir', dataDir, ...flags], {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, ...environment },
    });
    closeSync(log);
    const ready = await new Promise<ReadyLine>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`the node on ${dataDir} was not ready in ${READY_MS / 1000} s; see ${logFile}`));
      }, READY_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the node on ${dataDir} ended with code ${code}; see ${logFile}`));
      });
      createInterface({ input: child.stdout! }).once('line', (line) => {
        clearTimeout(timer);
        resolve(JSON.parse(line) as ReadyLine);
      });
    });
    child.removeAllListeners('exit');
    return new DemoNode(dataDir, child, ready);
  }

  async status(): Promise<NodeStatus> {
    return (await callControl(this.dataDir, 'GET', '/status')) as NodeStatus;
  }

  async promote(ackPolicy: string): Promise<void> {
    await callControl(this.dataDir, 'POST', '/promote', { ackPolicy });
  }

  /** Ends the process without any warning. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  /** Ends the process in order. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.gone;
  }
}

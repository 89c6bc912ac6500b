/** `npm run bench -- NAME [--json] [options]`: runs one benchmark and prints its figures. See README.md here. */
import { parseArgs } from 'node:util';
import { endAtOnce } from '../journal/libc.js';
import { machine } from './machine.js';

interface Benchmark {
  readonly summary: string;
  run(args: readonly string[], json: boolean): Promise<object>;
}

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  matching: async () => (await import('./matching.js')).matching,
  ring: async () => (await import('./ring.js')).ring,
  journal: async () => (await import('./journal.js')).journal,
  replay: async () => (await import('./replay.js')).replay,
  recovery: async () => (await import('./recovery.js')).recovery,
  'as-of': async () => (await import('./as-of.js')).asOfBench,
  pipeline: async () => (await import('./pipeline.js')).pipeline,
  'end-to-end': async () => (await import('./end-to-end.js')).endToEnd,
  disturbance: async () => (await import('./disturbance.js')).disturbance,
  micro: async () => (await import('./micro.js')).micro,
};

async function main(): Promise<number> {
  const [name, ...rest] = process.argv.slice(2);
  const load = name === undefined ? undefined : BENCHMARKS[name];
  if (load === undefined) {
    if (name !== undefined && name !== '--help') process.stderr.write(`bench: no benchmark named ${name}\n`);
    process.stderr.write('usage: npm run bench -- NAME [--json] [options]\n');
    for (const [known, entry] of Object.entries(BENCHMARKS)) {
      process.stderr.write(`  ${known.padEnd(12)} ${(await entry()).summary}\n`);
    }
    return name === '--help' ? 0 : 2;
  }
  const benchmark = await load();
  const { values } = parseArgs({ args: rest, strict: false, options: { json: { type: 'boolean' } } });
  const json = values['json'] === true;
  const figures = await benchmark.run(
    rest.filter((argument) => argument !== '--json'),
    json,
  );
  if (json) process.stdout.write(`${JSON.stringify({ benchmark: name, machine: machine(), ...figures })}\n`);
  return 0;
}

/** Whether the options were wrong, not the run. */
function isUsageError(error: unknown): boolean {
  return `${(error as NodeJS.ErrnoException | undefined)?.code}`.startsWith('ERR_PARSE_ARGS');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isUsageError(error)) return `${error.message}; the options are in bench/README.md`;
  return error.stack ?? error.message;
}

process.on('exit', endAtOnce);

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${messageOf(error)}\n`);
    process.exitCode = isUsageError(error) ? 2 : 1;
  },
);

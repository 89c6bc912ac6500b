import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CliError } from '../failure.js';

export function addBenchCommand(root: Command): void {
  root
    .command('bench')
    .description(
      'Run a benchmark: matching, ring, journal, replay, end-to-end. "bench --help" lists their flags.',
    )
    .argument('[arguments...]', 'name of the benchmark and its flags')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      const main = fileURLToPath(new URL('../../../bench/main.js', import.meta.url));
      if (!existsSync(main))
        throw new CliError(`the benchmarks are not built (${main} is missing); run "npm run build"`);
      const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' });
      process.exitCode = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        child.on('exit', (code, signal) =>
          resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
        );
      });
    });
}

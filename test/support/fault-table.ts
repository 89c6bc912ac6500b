/** A reporter of vitest that prints what became of all faults as a table. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { FaultRow } from './fault-tally.js';

function* testsOf(modules: readonly TestModule[]): Generator<TestCase> {
  for (const module of modules) yield* module.children.allTests();
}

export default class FaultTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows: FaultRow[] = [];
    const skipped: string[] = [];
    for (const test of testsOf(modules)) {
      rows.push(...(test.meta().faults ?? []));
      const result = test.result();
      if (result.state === 'skipped') skipped.push(`${test.fullName}: ${result.note ?? 'not asked for'}`);
    }
    const width = Math.max(5, ...rows.map(({ fault }) => fault.length));
    const line = (fault: string, ...cells: readonly (string | number)[]): string =>
      `${fault.padEnd(width)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
    const lines = [line('fault', 'tried', 'survived', 'lost')];
    for (const { fault, tried, survived, lost } of rows) lines.push(line(fault, tried, survived, lost));
    lines.push(...skipped.map((text) => `skipped  ${text}`));
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}

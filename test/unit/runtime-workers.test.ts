import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const NODE = fileURLToPath(new URL('../support/runtime/node.mjs', import.meta.url));

function run(failure: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [NODE, failure]);
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      out.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      out.stderr += chunk;
    });
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

describe('the workers of a node', () => {
  it('start, work and stop phase by phase, each with its work done and closed', async () => {
    const { code, stdout, stderr } = await run('none');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [ready, stopped] = stdout.split('\n');
    expect(ready).toBe('READY');
    const counters = JSON.parse(stopped!.replace('STOPPED ', ''));
    expect(counters).toMatchObject({
      readyWorkers: 2,
      stopPhase: 2,
      poison: 0,
      logicProcessed: 10,
      gatewayReports: 10,
      journalSegment: 77,
    });
  });

  it('are terminated when they have started, not while they load', async () => {
    const { code, stdout } = await run('terminated');
    expect(code).toBe(0);
    expect(JSON.parse(stdout.replace('TERMINATED ', ''))).toMatchObject({ readyWorkers: 2, poison: 1 });
  });

  it.each([
    ['doWork', 'looped', 'sync of segment 7 failed: EIO'],
    ['onStart', 'looped', 'the looped agent does not start'],
    ['build', 'looped', 'the looped agent cannot be built'],
    ['start', 'evented', 'port 7001 is in use'],
    ['callback', 'evented', 'a socket callback threw'],
    ['rejection', 'evented', 'nobody caught this'],
    ['early-end', 'evented', 'evented ended without having been told to'],
    ['no-entry', 'looped', 'missing.mjs'],
  ])('an error in %s ends the process with code 70 and says what it was', async (failure, role, text) => {
    const { code, stderr } = await run(failure);
    expect(code).toBe(70);
    expect(stderr).toContain(`agent ${role} failed`);
    expect(stderr).toContain(text);
  });
});

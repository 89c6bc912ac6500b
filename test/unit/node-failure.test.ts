import { expect, it } from 'vitest';
import { NodeFailure } from '../../src/node/node-failure.js';

function ofWorker(text: string): NodeFailure {
  return NodeFailure.ofWorker({ name: 'journaler', exitCode: 1, text });
}

it('tells a coded error of a thread by its message alone, with the exit code of its kind', () => {
  const text = 'journaler: [JOURNAL_NO_SPACE] JournalNoSpaceError: no space\n    at write (a.js:1:1)';
  expect(ofWorker(text)).toMatchObject({ code: 'JOURNAL_NO_SPACE', message: 'no space', exitCode: 1 });
});

it('keeps the stack of an error that was not meant for the operator', () => {
  const text = 'logic: TypeError: x is not a function\n    at apply (a.js:1:1)';
  expect(ofWorker(text)).toMatchObject({ code: 'AGENT_FAILED', message: text, exitCode: 70 });
});

it.each([
  ['STATE_DIVERGED', 3],
  ['JOURNAL_CORRUPT', 3],
  ['EADDRINUSE', 4],
  ['EACCES', 4],
  ['JOURNAL_NO_PERMISSION', 4],
  ['RECORD_NEWER', 4],
  ['JOURNAL_IO', 70],
])('exits for %s with %i', (code, exitCode) => {
  expect(new NodeFailure(code, 'text').exitCode).toBe(exitCode);
});

it('exits with what a thread asks for', () => {
  expect(new NodeFailure('HIGHER_EPOCH', 'text', 4).exitCode).toBe(4);
});

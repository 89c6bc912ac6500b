/**
 * Versions of the rules. A journal begins under the first one; `activateLogic` switches to a later one between two
 * commands, so that what came before replays by the rules of its day.
 *
 * A new version: raise `newest`, say here what changes, and ask `logicVersionOf` where the old rule and the new one part.
 * Nothing that an older version decided may ever change.
 *
 * | version | rules                                                                                                  |
 * | ------- | ------------------------------------------------------------------------------------------------------ |
 * | 1       | the first                                                                                              |
 * | 2       | `deposit` and `withdraw` need a transferId: 0 is rejected. Version 1 took it as any other one, so that |
 * |         | the second transfer whose sender forgot the id was called a repetition of the first                    |
 */
import { type Core, EngineWord } from './core.js';

export const LogicVersion = { first: 1, newest: 2 } as const;

/** The version in force. */
export function logicVersionOf(core: Core): number {
  return core.engine[EngineWord.logicVersion]! || LogicVersion.first;
}

/** A journal goes on under rules that this release does not know: whatever it did next would be wrong. */
export class LogicVersionError extends Error {
  override readonly name = 'LogicVersionError';
  readonly code = 'JOURNAL_NEWER_LOGIC';
  /** Of a process that ends because of it: refused. */
  readonly exitCode = 4;

  constructor(version: number) {
    super(
      `the journal activates logic version ${version}, this release knows up to ${LogicVersion.newest}: use a newer release`,
    );
  }
}

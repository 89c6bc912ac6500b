import { AGENT_FAILED_EXIT_CODE } from '../runtime/agent-worker.js';
import type { WorkerFailure } from '../runtime/worker-start.js';

/** Exit codes of a node that ends by itself, as the command line documents them. */
export const NodeExit = { stopped: 1, corrupt: 3, refused: 4, failure: AGENT_FAILED_EXIT_CODE } as const;

/** Why a node ends by itself: an UPPER_SNAKE code, a message for the operator, and the exit code of the process. */
export class NodeFailure extends Error {
  readonly code: string;
  readonly exitCode: number;

  /** @param exitCode by default the one that belongs to the code */
  constructor(code: string, message: string, exitCode: number = exitCodeOf(code)) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }

  /** An error of a thread. One for the operator carries a code; of any other one the stack is what helps. */
  static ofWorker({ text }: WorkerFailure): NodeFailure {
    const coded = /\[([A-Z][A-Z0-9_]+)\] \w+: (.*)/.exec(text);
    if (coded === null) return new NodeFailure('AGENT_FAILED', text);
    return new NodeFailure(coded[1]!, coded[2]!);
  }
}

function exitCodeOf(code: string): number {
  if (/CORRUPT|DIVERGE/.test(code)) return NodeExit.corrupt;
  if (code === 'JOURNAL_NO_SPACE') return NodeExit.stopped;
  return /^EADDRINUSE$|^EACCES$|INSECURE|REFUSED|PERMISSION|NEWER/.test(code)
    ? NodeExit.refused
    : NodeExit.failure;
}

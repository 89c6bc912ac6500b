/** What `load` runs: an open loop. */
import { setTimeout as delay } from 'node:timers/promises';
import { checkedInteger } from './checked-flags.js';
import { ExitCode } from './failure.js';
import { FlowSender, senderText } from './flow-sender.js';
import { FLOW_QUOTE } from './import/flow-command.js';
import { MAX_FLOW_ACCOUNTS } from './import/flow-lines.js';
import { LoadFlow } from './load-flow.js';
import { openMarket } from './market.js';
import { type EndpointFlags, nodeEndpoints } from './node-endpoints.js';
import { ProgressLine } from './progress-line.js';

export interface LoadFlags extends EndpointFlags {
  readonly rate: string;
  readonly seconds: string;
  readonly warmUp: string;
  readonly sessions: string;
  readonly firstAccount: string;
  readonly seed: string;
  readonly json?: boolean;
}

const BASE = 'LOAD';
const FUNDS = 1_000_000_000;
const CENT = { mantissa: 1, exponent: -2 };
/** Commands become due in steps of a millisecond. */
const STEP_MS = 1;
/** So many unanswered commands show that the node does not keep up; the load ends early then. */
const OPEN_LIMIT = 200_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** Runs the load and prints the report; resolves with the exit code. */
export async function loadFromFlags(flags: LoadFlags): Promise<number> {
  const rate = checkedInteger('--rate', flags.rate, 1, 1_000_000);
  const seconds = checkedInteger('--seconds', flags.seconds, 1, 86_400);
  const warmUp = checkedInteger('--warm-up', flags.warmUp, 0, 3600);
  const accounts = checkedInteger('--sessions', flags.sessions, 1, MAX_FLOW_ACCOUNTS);
  const firstAccount = checkedInteger('--first-account', flags.firstAccount, 1, 0x7fffffff - accounts);
  const seed = checkedInteger('--seed', flags.seed, 0, Number.MAX_SAFE_INTEGER);
  const market = await openMarket({
    ...(await nodeEndpoints(flags)),
    symbol: `${BASE}-${FLOW_QUOTE}`,
    base: BASE,
    quote: FLOW_QUOTE,
    tickSize: CENT,
    firstAccount,
    accounts,
    quoteFunds: FUNDS,
    baseFunds: FUNDS,
  });
  try {
    // An earlier load may have ended without cancelling its orders; their ids would be in the way.
    for (const session of market.sessions) await session.massCancel();
    const flow = new LoadFlow({ seed, accounts });
    const startMs = performance.now();
    const sender = new FlowSender(market, startMs + warmUp * 1000);
    const isKeptUp = await sendSchedule(sender, flow, startMs, rate, warmUp + seconds);
    await Promise.race([sender.atMostOpen(0), delay(ANSWER_TIMEOUT_MS, undefined, { ref: false })]);
    for (const session of market.sessions) await session.massCancel();
    tell(sender, { rate, seconds, sessions: accounts, seed, isKeptUp }, flags.json === true);
    return isKeptUp && sender.open === 0 ? ExitCode.ok : ExitCode.failure;
  } finally {
    await market.close();
  }
}

/** Sends what is due until the time is up; resolves with false when the node fell too far behind. */
async function sendSchedule(
  sender: FlowSender,
  flow: LoadFlow,
  startMs: number,
  rate: number,
  seconds: number,
): Promise<boolean> {
  const progress = new ProgressLine('load', 'commands');
  const total = rate * seconds;
  let sent = 0;
  while (sent < total) {
    const step = Math.floor((performance.now() - startMs) / STEP_MS);
    const dueCount = Math.min(total, Math.floor(((step + 1) * STEP_MS * rate) / 1000));
    while (sent < dueCount) {
      const dueMs = startMs + Math.floor((sent * 1000) / rate / STEP_MS) * STEP_MS;
      sender.send(flow.next(), dueMs);
      sent++;
    }
    if (sender.open > OPEN_LIMIT) {
      progress.clear();
      return false;
    }
    progress.show(sent, total);
    await delay(Math.max(0, startMs + (step + 1) * STEP_MS - performance.now()));
  }
  progress.clear();
  return true;
}

function tell(
  sender: FlowSender,
  run: { rate: number; seconds: number; sessions: number; seed: number; isKeptUp: boolean },
  isJson: boolean,
): void {
  const { sent, acknowledged, rejects, trades, open: unanswered } = sender;
  if (isJson) {
    process.stdout.write(
      `${JSON.stringify({ ...run, sent, acknowledged, rejects, trades, unanswered, latencyUs: sender.latencyUs() })}\n`,
    );
    return;
  }
  process.stdout.write(
    `${run.rate} commands/s for ${run.seconds} s on ${run.sessions} sessions, seed ${run.seed}` +
      `${run.isKeptUp ? '' : `: ended early, ${OPEN_LIMIT} commands were unanswered`}\n${senderText(sender)}`,
  );
}

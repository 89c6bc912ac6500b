/** Sends a file of order flow to a running node, at the speed of the file, ten times that, or as fast as it goes. */
import { setTimeout as delay } from 'node:timers/promises';
import { checkedChoice, checkedInteger } from './checked-flags.js';
import { FlowSender, senderText } from './flow-sender.js';
import type { FlowCommand } from './import/flow-command.js';
import { FLOW_QUOTE } from './import/flow-command.js';
import { flowAsset, flowSymbol } from './import/flow-lines.js';
import type { FlowFile } from './import/read-flow.js';
import { type Market, openMarket } from './market.js';
import { type EndpointFlags, nodeEndpoints } from './node-endpoints.js';
import { ProgressLine } from './progress-line.js';

export interface SendFlags extends EndpointFlags {
  readonly speed: string;
  readonly firstAccount: string;
  readonly json?: boolean;
}

/** Money and shares for each account. */
export const FUNDS = 1_000_000_000;
const CENT = { mantissa: 1, exponent: -2 };
const SPEEDS = ['1', '10', 'max'] as const;
/** Commands that may wait for their answer while sending as fast as possible. */
const WINDOW = 1024;

/** Sends the whole file and prints what came of it. */
export async function sendFlowFile(file: FlowFile, accounts: number, flags: SendFlags): Promise<void> {
  const speed = checkedChoice('--speed', flags.speed, SPEEDS);
  const firstAccount = checkedInteger('--first-account', flags.firstAccount, 1, 0x7fffffff - accounts);
  const endpoints = await nodeEndpoints(flags);
  const progress = new ProgressLine('import', 'commands');
  const startMs = performance.now();
  let market: Market | undefined;
  let sender: FlowSender | undefined;
  let pace: Pace | undefined;
  try {
    for await (const commands of file.batches()) {
      if (commands.length === 0) continue;
      if (market === undefined) {
        const base = flowAsset(file.symbol);
        market = await openMarket({
          ...endpoints,
          symbol: flowSymbol(file.symbol),
          base,
          quote: FLOW_QUOTE,
          tickSize: CENT,
          firstAccount,
          accounts,
          quoteFunds: FUNDS,
          baseFunds: FUNDS,
        });
        sender = new FlowSender(market, 0);
        pace = speed === 'max' ? undefined : new Pace(commands[0]!.timestampUs, Number(speed));
      }
      await sendCommands(commands, sender!, pace, progress);
    }
    await sender?.atMostOpen(0);
  } finally {
    progress.clear();
    await market?.close();
  }
  const seconds = (performance.now() - startMs) / 1000;
  tell(sender, seconds, flags.json === true);
}

async function sendCommands(
  commands: readonly FlowCommand[],
  sender: FlowSender,
  pace: Pace | undefined,
  progress: ProgressLine,
): Promise<void> {
  for (const command of commands) {
    let dueMs = performance.now();
    if (pace === undefined) {
      if (sender.open >= WINDOW) await sender.atMostOpen(WINDOW / 2);
    } else {
      dueMs = pace.dueMs(command.timestampUs);
      const waitMs = dueMs - performance.now();
      if (waitMs >= 1) await delay(waitMs);
    }
    sender.send(command, dueMs);
    progress.show(sender.sent, 0);
  }
}

/** When a command of the file is due, `speed` times as fast as it was. */
class Pace {
  private readonly firstUs: number;
  private readonly speed: number;
  private readonly startMs = performance.now();

  constructor(firstUs: number, speed: number) {
    this.firstUs = firstUs;
    this.speed = speed;
  }

  dueMs(timestampUs: number): number {
    return this.startMs + (timestampUs - this.firstUs) / 1000 / this.speed;
  }
}

function tell(sender: FlowSender | undefined, seconds: number, isJson: boolean): void {
  const sent = sender?.sent ?? 0;
  const perSecond = Math.round(sent / seconds);
  if (isJson) {
    const { acknowledged = 0, rejects = {}, trades = 0 } = sender ?? {};
    const report = {
      sent,
      acknowledged,
      rejects,
      trades,
      seconds,
      perSecond,
      latencyUs: sender?.latencyUs() ?? null,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else if (sender !== undefined) {
    process.stdout.write(`sent in ${seconds.toFixed(1)} s (${perSecond}/s)\n${senderText(sender)}`);
  } else {
    process.stdout.write('the file holds no commands; nothing was sent\n');
  }
}

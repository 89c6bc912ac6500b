import type { Command } from 'commander';
import { CliError, ExitCode } from '../failure.js';

const EXAMPLES = `
Lines in (money, price and quantity are decimals in quotes, client order ids unsigned 64-bit integers in quotes):
  {"type":"listInstrument","symbol":"AAPL-USD","base":"AAPL","quote":"USD","tickSize":"0.01","lotSize":"1"}
  {"type":"openAccount","account":1}
  {"type":"deposit","account":1,"asset":"USD","amount":"1000000.00","transferId":"1"}
  {"type":"newOrder","account":1,"symbol":"AAPL-USD","clientOrderId":"17","side":"buy","price":"585.33","quantity":"100"}
  {"type":"replaceOrder","account":1,"symbol":"AAPL-USD","clientOrderId":"17","newClientOrderId":"18","price":"585.34","quantity":"50"}
  {"type":"cancelOrder","account":1,"symbol":"AAPL-USD","clientOrderId":"18"}
  {"type":"query","what":"book","symbol":"AAPL-USD","depth":5}
Also withdraw, massCancel, requestSnapshot, registerApiKey, timeAdvanced and the queries account and hash; every
command takes "timestampUs" or "time". src/cli/README.md lists all fields of lines in and out.

Examples:
  ringfence exec --file session.jsonl
  ringfence import lobster AAPL_message_50.csv.gz | ringfence exec > events.jsonl
`;

interface ExecFlags {
  readonly file?: string;
  readonly strict?: boolean;
  readonly marketData?: boolean;
}

export function addExecCommand(root: Command): void {
  root
    .command('exec')
    .description('Run JSON lines of commands through the core alone; events come out as JSON lines.')
    .option('--file <path>', 'read from a file instead of standard input')
    .option('--strict', 'stop at the first line that makes no command, with exit code 1')
    .option('--market-data', 'print bookDelta events too')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ExecFlags) => {
      const { execFromFlags } = await import('../exec/exec-from-flags.js');
      const stoppedAt = await execFromFlags(flags);
      if (stoppedAt === 0) return;
      throw new CliError(
        `exec: line ${stoppedAt} makes no command; stopped because of --strict`,
        ExitCode.failure,
      );
    });
}

/**
 * Whether an account may send orders and replaces now: its status, and how many it may send in an interval of command
 * time. Cancels are never held back.
 */
import { readInt64 } from '../base/int64.js';
import { AccountControl, AccountWord } from './accounts.js';
import { AccountStatus, RejectCode } from './codes.js';
import { type Core, EngineWord } from './core.js';

// Local copies are folded into the code (README.md).
const FLOW = AccountControl.flow;
const CONTROLS = AccountWord.controls;
const STATUS = AccountWord.status;
const MAX_COMMANDS = AccountWord.throttleMaxCommands;
const INTERVAL_US = AccountWord.throttleIntervalUs;
const WINDOW = AccountWord.throttleWindow;
const COUNTED = AccountWord.throttleCounted;

export type AccountControls = ReturnType<typeof makeAccountControls>;

export function makeAccountControls({ accounts, arena, engine }: Core) {
  const { words, doubles } = arena;
  const readTime = readInt64;

  /** Sets whether the account may trade. `status`: a valid AccountStatus. */
  const setStatus = (account: number, status: number): void => {
    words[account + STATUS] = status === AccountStatus.active ? 0 : status;
    settleControls(account);
  };

  /** Sets the throttle, with nothing counted yet. `maxCommands`, `intervalUs`: u32 as int32; 0 commands = none. */
  const setThrottle = (account: number, maxCommands: number, intervalUs: number): void => {
    words[account + MAX_COMMANDS] = maxCommands;
    words[account + INTERVAL_US] = intervalUs;
    doubles[(account + WINDOW) >> 1] = 0;
    words[account + COUNTED] = 0;
    settleControls(account);
  };

  /** Keeps the bit that tells the path of an order to ask here, and the state hash. */
  const settleControls = (account: number): void => {
    if ((words[account + STATUS] | words[account + MAX_COMMANDS]) !== 0) words[account + CONTROLS] |= FLOW;
    else words[account + CONTROLS] &= ~FLOW;
    accounts.touch(account);
  };

  /**
   * Reject code for an order or replace of the account now, 0 when it may be sent. What passes here is counted,
   * whatever becomes of it then; interval n is from n * intervalUs of command time on.
   */
  const takeCommand = (account: number): number => {
    if (words[account + STATUS] !== 0) return RejectCode.ACCOUNT_SUSPENDED;
    const window = Math.floor(
      readTime(engine, EngineWord.timestampUs) / (words[account + INTERVAL_US] >>> 0),
    );
    if (doubles[(account + WINDOW) >> 1] !== window) {
      doubles[(account + WINDOW) >> 1] = window;
      words[account + COUNTED] = 0;
    }
    if (words[account + COUNTED] >>> 0 >= words[account + MAX_COMMANDS] >>> 0) return RejectCode.THROTTLED;
    words[account + COUNTED] += 1;
    accounts.touch(account);
    return 0;
  };

  return { setStatus, setThrottle, takeCommand };
}

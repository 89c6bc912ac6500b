/**
 * Hash of the whole state, in two 32-bit lanes. It depends on the state alone: balances, open orders with their
 * priority, positions, limits, transfers, keys and their high-water marks, report and book sequences, instruments, counters, epoch,
 * command time. Not on how the state came about, or on where in the columns anything lies.
 */
import { hex64 } from '../base/hex.js';
import { AccountWord } from './accounts.js';
import { type Core, HASHED_ENGINE_WORDS } from './core.js';
import { type EntityHash, EntityKind, HashWord, makeEntityHash } from './entity-hash.js';
import { OrderWord } from './orders.js';

/** The hash as 16 hex digits. Hashes only the rows that changed since the last time. */
export function stateHash(core: Core): string {
  const lanes = new Int32Array(2);
  writeStateHash(core, lanes, 0);
  return hex64(lanes[0], lanes[1]);
}

/** The hash as two words, low and high. Hashes only the rows that changed since the last time. */
export function writeStateHash(core: Core, target: Int32Array, at: number): void {
  const { orders, holdings, positions, apiKeys, accounts, instruments, assets, transfers } = core;
  orders.settleHash();
  holdings.settleHash();
  positions.settleHash();
  apiKeys.settleHash();
  accounts.settleHash();
  instruments.settleHash();
  const sums = [orders.hash, holdings.hash, apiKeys.hash, accounts.hash, instruments.hash, assets.hash];
  writeSum(
    [
      ...sums,
      transfers.hash,
      positions.hash,
      core.orderLimits.hash,
      feesHash(core),
      insuranceHash(core),
      engineHash(core),
    ],
    target,
    at,
  );
}

/** The hash as 16 hex digits, from every row there is: what `stateHash` must be. For tests. */
export function fullStateHash(core: Core): string {
  const { orders, holdings, positions, orderLimits, apiKeys, accounts, instruments, assets, transfers } =
    core;
  const accountHash = makeEntityHash(EntityKind.account, 0);
  const orderHash = makeEntityHash(EntityKind.order, 0);
  for (let n = 0; n < accounts.count; n += 1) {
    const account = accounts.handleOf(n);
    accounts.hashAccount(account, accountHash);
    accountHash.add();
    let order = accounts.words[account + AccountWord.firstOrder];
    while (order !== 0) {
      orders.hashOrder(order, orderHash);
      orderHash.add();
      order = orders.words[order + OrderWord.accountNext];
    }
  }
  const holdingHash = makeEntityHash(EntityKind.holding, 0);
  for (let n = 0; n < holdings.count; n += 1) {
    const holding = holdings.handleOf(n);
    if (holdings.available(holding) === 0 && holdings.reserved(holding) === 0) continue;
    holdings.hashHolding(holding, holdingHash);
    holdingHash.add();
  }
  const positionHash = makeEntityHash(EntityKind.position, 0);
  for (let n = 0; n < positions.count; n += 1) {
    const position = positions.handleOf(n);
    if (positions.isFlat(position)) continue;
    positions.hashPosition(position, positionHash);
    positionHash.add();
  }
  const orderLimitsHash = makeEntityHash(EntityKind.orderLimits, 0);
  for (let n = 0; n < orderLimits.count; n += 1) {
    orderLimits.hashLimits(orderLimits.handleOf(n), orderLimitsHash);
    orderLimitsHash.add();
  }
  const apiKeyHash = makeEntityHash(EntityKind.apiKey, 0);
  for (let id = 1; id <= apiKeys.count; id += 1) {
    apiKeys.hashApiKey(apiKeys.handleOf(id), apiKeyHash);
    apiKeyHash.add();
  }
  const instrumentHash = makeEntityHash(EntityKind.instrument, 0);
  for (let id = 1; id <= instruments.count; id += 1) {
    instruments.hashInstrument(instruments.handleOf(id), instrumentHash);
    instrumentHash.add();
  }
  const assetHash = makeEntityHash(EntityKind.asset, 0);
  for (let id = 1; id <= assets.count; id += 1) {
    assets.hashAsset(id, assetHash);
    assetHash.add();
  }
  const transferHash = makeEntityHash(EntityKind.transfer, 0);
  for (let row = 1; row <= transfers.count; row += 1) {
    transfers.hashTransfer(row, transferHash);
    transferHash.add();
  }
  const lanes = new Int32Array(2);
  const sums = [accountHash, orderHash, holdingHash, apiKeyHash, instrumentHash, assetHash, transferHash];
  writeSum(
    [...sums, positionHash, orderLimitsHash, feesHash(core), insuranceHash(core), engineHash(core)],
    lanes,
    0,
  );
  return hex64(lanes[0], lanes[1]);
}

/** Hash of the fees that the venue holds. Assets are few, so it is made anew each time. */
function feesHash(core: Core): EntityHash {
  const hash = makeEntityHash(EntityKind.fees, 0);
  core.assets.addFees(hash);
  return hash;
}

/** Hash of the insurance funds. */
function insuranceHash(core: Core): EntityHash {
  const hash = makeEntityHash(EntityKind.insurance, 0);
  core.assets.addInsurance(hash);
  return hash;
}

/** Hash of what there is one of: counters, epoch, command time. */
function engineHash(core: Core): EntityHash {
  const hash = makeEntityHash(EntityKind.engine, 0);
  const words = new Int32Array(core.orders.counters.length + core.engine.length);
  words.set(core.orders.counters);
  words.set(core.engine, core.orders.counters.length);
  const fixed = core.orders.counters.length + HASHED_ENGINE_WORDS;
  hash.hashRow(words, 0, fixed, 0, 0);
  hash.extendRow(words, fixed, words.length - fixed, fixed);
  hash.add();
  return hash;
}

function writeSum(hashes: readonly EntityHash[], target: Int32Array, at: number): void {
  let low = 0;
  let high = 0;
  for (const hash of hashes) {
    low = (low + hash.state[HashWord.low]) | 0;
    high = (high + hash.state[HashWord.high]) | 0;
  }
  target[at] = low;
  target[at + 1] = high;
}

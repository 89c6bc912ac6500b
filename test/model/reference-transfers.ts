/** Money comes, goes and moves between accounts, each transfer id once. */
import { BalanceReason, RejectCode } from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import type { Exchange } from './reference-exchange.js';
import { MAX_MARGIN_MONEY } from './reference-margin.js';
import { balanceOf, MAX_MONEY } from './reference-money.js';
import type { Account } from './reference-state.js';
import { Rejection } from './rejection.js';

/**
 * A deposit credits, a withdrawal debits available money, once for each transfer id. A repeat with the same
 * content is answered as a duplicate; the same id with other content is refused. Only transfers that were done
 * use their id up. The supply of an asset stays within 2^53-1.
 */
export function depositOrWithdraw(
  exchange: Exchange,
  command: CommandOf<'deposit'> | CommandOf<'withdraw'>,
): void {
  const { name: kind, fields } = command;
  const { transferId, accountId } = fields;
  if (transferId === 0n && exchange.logicVersion >= 2) throw new Rejection(RejectCode.INVALID_TRANSFER_ID);
  if (fields.amount < 1 || fields.amount > Number.MAX_SAFE_INTEGER)
    throw new Rejection(RejectCode.INVALID_AMOUNT);
  const amount = BigInt(fields.amount);
  const account = exchange.account(accountId);
  const asset = exchange.asset(fields.asset);
  if (asset === undefined) throw new Rejection(RejectCode.UNKNOWN_ASSET);
  const balance = balanceOf(account, asset);

  const earlier = exchange.transfers.get(transferId);
  if (earlier !== undefined) {
    const isSame =
      earlier.kind === kind &&
      earlier.fromAccountId === 0 &&
      earlier.accountId === accountId &&
      earlier.asset === fields.asset &&
      earlier.amount === amount;
    if (!isSame) throw new Rejection(RejectCode.TRANSFER_ID_REUSED);
  } else if (exchange.transfers.size >= exchange.limits.transfers) {
    throw new Rejection(RejectCode.TOO_MANY_TRANSFERS);
  } else if (kind === 'deposit') {
    const most = asset.isMarginQuote ? MAX_MARGIN_MONEY : MAX_MONEY;
    if (asset.supply + amount > most) throw new Rejection(RejectCode.SUPPLY_TOO_LARGE);
    asset.supply += amount;
    balance.available += amount;
  } else {
    if (balance.available < amount) throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    asset.supply -= amount;
    balance.available -= amount;
  }
  exchange.transfers.set(transferId, { kind, fromAccountId: 0, accountId, asset: fields.asset, amount });

  exchange.emit('balanceChanged', accountId, command.sessionId, fields.clientSequence, {
    transferId,
    amount: kind === 'deposit' ? fields.amount : -fields.amount,
    available: Number(balance.available),
    reserved: Number(balance.reserved),
    asset: asset.code,
    decimals: asset.decimals,
    reason: kind === 'deposit' ? BalanceReason.deposit : BalanceReason.withdraw,
    duplicate: earlier === undefined ? 0 : 1,
    reserved0: 0,
  });
}

/**
 * Moves available money from one account to another, out of the fees (from account 0) or into the insurance fund (to
 * account 0), once for each transfer id. The payer is told without an answer, the payee's report answers the command;
 * where there is no payee, the payer's does.
 */
export function moveMoney(exchange: Exchange, command: CommandOf<'transfer'>): void {
  const { transferId, fromAccountId, toAccountId, amount } = command.fields;
  if (amount < 1 || amount > Number.MAX_SAFE_INTEGER) throw new Rejection(RejectCode.INVALID_AMOUNT);
  const from = fromAccountId === 0 ? undefined : exchange.account(fromAccountId);
  const to = toAccountId === 0 ? undefined : exchange.account(toAccountId);
  if (from === to) throw new Rejection(RejectCode.INVALID_ACCOUNT);
  const asset = exchange.asset(command.fields.asset);
  if (asset === undefined) throw new Rejection(RejectCode.UNKNOWN_ASSET);
  const moved = BigInt(amount);
  const earlier = exchange.transfers.get(transferId);
  if (earlier !== undefined) {
    const isSame =
      earlier.kind === 'transfer' &&
      earlier.fromAccountId === fromAccountId &&
      earlier.accountId === toAccountId &&
      earlier.asset === asset.code &&
      earlier.amount === moved;
    if (!isSame) throw new Rejection(RejectCode.TRANSFER_ID_REUSED);
  } else {
    if (exchange.transfers.size >= exchange.limits.transfers)
      throw new Rejection(RejectCode.TOO_MANY_TRANSFERS);
    const funds = from === undefined ? asset.fees : balanceOf(from, asset).available;
    if (funds < moved) throw new Rejection(RejectCode.INSUFFICIENT_FUNDS);
    if (from === undefined) asset.fees -= moved;
    else balanceOf(from, asset).available -= moved;
    if (to === undefined) asset.insurance += moved;
    else balanceOf(to, asset).available += moved;
    const content = { fromAccountId, accountId: toAccountId, asset: asset.code, amount: moved };
    exchange.transfers.set(transferId, { kind: 'transfer', ...content });
  }
  const fields = (account: Account, signed: number) => ({
    transferId,
    amount: signed,
    available: Number(balanceOf(account, asset).available),
    reserved: Number(balanceOf(account, asset).reserved),
    asset: asset.code,
    decimals: asset.decimals,
    reason: BalanceReason.transfer,
    duplicate: earlier === undefined ? 0 : 1,
    reserved0: 0,
  });
  const { sessionId } = command;
  const { clientSequence } = command.fields;
  if (from !== undefined) {
    const answered = to === undefined ? ([sessionId, clientSequence] as const) : ([0, 0] as const);
    exchange.emit('balanceChanged', fromAccountId, ...answered, fields(from, -amount));
  }
  if (to !== undefined)
    exchange.emit('balanceChanged', toAccountId, sessionId, clientSequence, fields(to, amount));
}

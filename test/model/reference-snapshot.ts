/** What an account is told when it asks where it stands. */
import { BalanceReason, RejectCode, SnapshotFlag } from '../../src/core/codes.js';
import type { CommandOf } from './messages.js';
import { termsOf } from './reference-endings.js';
import type { Exchange } from './reference-exchange.js';
import { balanceOf } from './reference-money.js';
import { Rejection } from './rejection.js';

const FLAT = { quantityLots: 0n, cost: 0n, realisedProfit: 0n };

/** Reports every balance that is not zero by asset id, every position by instrument id when asked for, every open order by order id, and the end. */
export function tellWhereItStands(exchange: Exchange, command: CommandOf<'requestSnapshot'>): void {
  const account = exchange.account(command.accountId);
  if ((command.fields.flags & ~SnapshotFlag.positions) !== 0) throw new Rejection(RejectCode.INVALID_FLAGS);
  let balanceCount = 0;
  for (const asset of exchange.assets) {
    const balance = balanceOf(account, asset);
    if (balance.available === 0n && balance.reserved === 0n) continue;
    balanceCount += 1;
    exchange.report('balanceChanged', {
      transferId: 0n,
      amount: 0,
      available: Number(balance.available),
      reserved: Number(balance.reserved),
      asset: asset.code,
      decimals: asset.decimals,
      reason: BalanceReason.snapshot,
      duplicate: 0,
      reserved0: 0,
    });
  }
  const withPositions = (command.fields.flags & SnapshotFlag.positions) !== 0;
  let positionCount = 0;
  for (const { instrumentId } of withPositions ? exchange.instruments : []) {
    const position = account.positions.get(instrumentId);
    const initialMargin = account.margins.get(instrumentId)?.held ?? 0n;
    const { quantityLots, cost, realisedProfit } = position ?? FLAT;
    if (quantityLots === 0n && realisedProfit === 0n && initialMargin === 0n) continue;
    positionCount += 1;
    exchange.report('position', {
      quantityLots: Number(quantityLots),
      cost: Number(cost),
      realisedProfit: Number(realisedProfit),
      instrumentId,
      reserved0: 0,
      initialMargin: Number(initialMargin),
    });
  }
  const orders = exchange.openOrdersOf(account);
  for (const order of orders) {
    exchange.report('orderStatus', {
      ...termsOf(order),
      leavesLots: order.leavesLots,
      cumulativeLots: order.cumulativeLots,
      orderType: order.orderType,
      timeInForce: order.timeInForce,
      flags: order.flags,
      expireTimeUs: order.expireTimeUs,
      displayLots: order.displayLots,
      triggerPriceTicks: order.triggerPriceTicks,
    });
  }
  exchange.report('snapshotEnd', {
    balanceCount,
    orderCount: orders.length,
    positionCount,
    reserved0: 0,
  });
}

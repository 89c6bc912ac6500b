import { Core } from '../core/core.js';
import { resolveConfig } from '../node/config.js';

/**
 * A fresh core with the capacity of the node on `dataDir`. The capacity is a part of what decides: a node of another one
 * would reject other orders.
 */
export function coreOf(dataDir: string): Core {
  const { maxOrders } = resolveConfig({ dataDir }, process.env);
  return new Core({ maxOrders });
}

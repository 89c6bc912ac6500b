import { Counter } from './counters.js';

/** Which copies of a command must exist before anything it caused may leave the node. */
export type AcknowledgementPolicy = 'memory' | 'disk' | 'replica' | 'disk+replica' | 'two-disks';

/** The counters that must all have reached a command's sequence, by policy. */
const POLICY_COUNTERS: Readonly<Record<AcknowledgementPolicy, readonly Counter[]>> = {
  memory: [Counter.inputPublished],
  disk: [Counter.durable],
  replica: [Counter.replicaReceived],
  'disk+replica': [Counter.durable, Counter.replicaReceived],
  'two-disks': [Counter.durable, Counter.replicaDurable],
};

export const ACKNOWLEDGEMENT_POLICIES = Object.keys(POLICY_COUNTERS) as readonly AcknowledgementPolicy[];

/** The counters a policy waits for. Throws RangeError on an unknown policy. */
export function policyCounters(policy: AcknowledgementPolicy): readonly Counter[] {
  const counters = Object.hasOwn(POLICY_COUNTERS, policy) ? POLICY_COUNTERS[policy] : undefined;
  if (counters === undefined) {
    throw new RangeError(
      `unknown acknowledgement policy "${policy}"; allowed: ${ACKNOWLEDGEMENT_POLICIES.join(', ')}`,
    );
  }
  return counters;
}

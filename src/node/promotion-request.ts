import { ACKNOWLEDGEMENT_POLICIES, type AcknowledgementPolicy } from '../runtime/acknowledgement-policy.js';
import { isActorName } from './actor-name.js';
import { controlError, type PromoteRequest } from './control-server.js';

/** A request to promote a node that has been looked at. */
export interface CheckedPromotion {
  readonly ackPolicy: AcknowledgementPolicy;
  /** The name of an operator as the journal takes it; empty = not said. */
  readonly actor: string;
}

/**
 * Checks what came from outside.
 * @param current policy of the node, kept when the request names none
 * @throws INVALID_ACK_POLICY, INVALID_ACTOR
 */
export function checkedPromotion(request: PromoteRequest, current: AcknowledgementPolicy): CheckedPromotion {
  return { ackPolicy: checkedPolicy(request.ackPolicy ?? current), actor: checkedActor(request.actor ?? '') };
}

function checkedPolicy(wanted: string): AcknowledgementPolicy {
  const policy = ACKNOWLEDGEMENT_POLICIES.find((known) => known === wanted);
  if (policy !== undefined) return policy;
  throw controlError(
    'INVALID_ACK_POLICY',
    `ackPolicy "${wanted}" is not one of ${ACKNOWLEDGEMENT_POLICIES.join(', ')}`,
  );
}

function checkedActor(actor: unknown): string {
  if (typeof actor === 'string' && isActorName(actor)) return actor;
  throw controlError(
    'INVALID_ACTOR',
    `actor ${JSON.stringify(actor)} must be at most 32 characters of printable ASCII`,
  );
}

import { newId } from '@threshold/conformance/ports'
import type { Presence } from '@threshold/domain'
import type { Delivery } from '@threshold/ports'
import type { Listener } from '../../src/guild/audience.ts'

export const ONLINE: Presence = { status: 'online', activities: [] }

export interface TestListener extends Listener {
  readonly received: Delivery[]
  deliver(delivery: Delivery): void
}

/** A session that records its deliveries. `onDelivery` runs inside each of them. */
export function aListener(
  userId: string,
  onDelivery: (delivery: Delivery) => void = () => {},
): TestListener {
  const received: Delivery[] = []
  const deliver = (delivery: Delivery): void => {
    received.push(delivery)
    onDelivery(delivery)
  }
  return { userId, sessionId: newId(), deliver, received }
}

export function deliverToAll(listeners: readonly TestListener[], delivery: Delivery): void {
  for (const listener of listeners) listener.deliver(delivery)
}

import { newId } from '@threshold/conformance/ports'
import type { Presence } from '@threshold/domain'
import type { Delivery, Subscriber } from '@threshold/ports'

const ONLINE: Presence = { status: 'online', activities: [] }

/** A session that records its deliveries. `onDelivery` runs inside each of them. */
export function subscriber(
  userId: string,
  onDelivery: (delivery: Delivery) => void = () => {},
): Subscriber & { readonly received: Delivery[] } {
  const received: Delivery[] = []
  const deliver = (delivery: Delivery): void => {
    received.push(delivery)
    onDelivery(delivery)
  }
  return { userId, sessionId: newId(), presence: ONLINE, deliver, received }
}

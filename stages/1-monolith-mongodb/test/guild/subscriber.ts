import { newId } from '@threshold/conformance/ports'
import type { Presence } from '@threshold/domain'
import type { Delivery, Subscriber } from '@threshold/ports'

const ONLINE: Presence = { status: 'online', activities: [] }

/** A session that notes what it is told; `then` is what it does about it, there and then. */
export function subscriber(
  userId: string,
  then: (delivery: Delivery) => void = () => {},
): Subscriber & { readonly received: Delivery[] } {
  const told: Delivery[] = []
  const deliver = (delivery: Delivery): void => {
    told.push(delivery)
    then(delivery)
  }
  return { userId, sessionId: newId(), presence: ONLINE, deliver, received: told }
}

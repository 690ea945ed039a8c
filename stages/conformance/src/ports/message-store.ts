import type { MessageStore } from '@threshold/ports'
import { messageStoreNewest } from './message-store-newest.ts'
import { messageStorePages } from './message-store-pages.ts'
import { messageStoreReactions } from './message-store-reactions.ts'
import { messageStoreRemovals } from './message-store-removals.ts'
import { messageStoreWrites } from './message-store-writes.ts'
import { type Open, portSuite } from './suite.ts'

/** The contract of a MessageStore. The test of an adapter opens the store and calls this. */
export function testMessageStore(name: string, open: Open<MessageStore>): void {
  portSuite(`${name} as a message store`, open, (store) => {
    messageStorePages(store)
    messageStoreNewest(store)
    messageStoreWrites(store)
    messageStoreRemovals(store)
    messageStoreReactions(store)
  })
}

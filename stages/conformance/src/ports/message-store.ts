import type { MessageStore } from '@threshold/ports'
import { messageStoreNewest } from './message-store-newest.ts'
import { messageStorePages } from './message-store-pages.ts'
import { messageStoreReactions } from './message-store-reactions.ts'
import { messageStoreRemovals } from './message-store-removals.ts'
import { messageStoreWrites } from './message-store-writes.ts'
import { type Open, portSuite } from './suite.ts'

/**
 * The laws of a MessageStore. Each adapter's own test is three lines: get an engine, make the
 * store, call this.
 */
export function testMessageStore(name: string, open: Open<MessageStore>): void {
  portSuite(`${name} as a message store`, open, (store) => {
    messageStorePages(store)
    messageStoreNewest(store)
    messageStoreWrites(store)
    messageStoreRemovals(store)
    messageStoreReactions(store)
  })
}

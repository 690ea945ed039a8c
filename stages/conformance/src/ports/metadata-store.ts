import type { MetadataStore } from '@threshold/ports'
import { metadataStoreGuilds } from './metadata-store-guilds.ts'
import { metadataStorePeople } from './metadata-store-people.ts'
import { type Open, portSuite } from './suite.ts'

/** The contract of a MetadataStore. */
export function testMetadataStore(name: string, open: Open<MetadataStore>): void {
  portSuite(`${name} as a metadata store`, open, (store) => {
    metadataStoreGuilds(store)
    metadataStorePeople(store)
  })
}

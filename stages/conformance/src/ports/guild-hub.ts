import type { GuildHub, MetadataStore } from '@threshold/ports'
import { afterAll, beforeAll } from 'vitest'
import { type FaultyStore, faultyStore } from './faulty-store.ts'
import { guildHubCommands } from './guild-hub-commands.ts'
import { guildHubLoading } from './guild-hub-loading.ts'
import { guildHubLog } from './guild-hub-log.ts'
import { guildHubMembers } from './guild-hub-members.ts'
import { guildHubPresence } from './guild-hub-presence.ts'
import { guildHubStoreFaults } from './guild-hub-store-faults.ts'
import { guildHubVoice } from './guild-hub-voice.ts'
import { describeLocalAndRemote, OPEN_MS } from './suite.ts'

/** Creates the hub under test on the store that `faulty` returns for a real store. */
export type OpenHub = (
  use: AsyncDisposableStack,
  faulty: (store: MetadataStore) => MetadataStore,
) => Promise<GuildHub>

/** The contract of a GuildHub, on a real store with fault injection. */
export function testGuildHub(name: string, open: OpenHub): void {
  describeLocalAndRemote(`${name} as a guild hub`, (through) => {
    const use = new AsyncDisposableStack()
    let hub: GuildHub
    let faults: FaultyStore
    beforeAll(async () => {
      const opened = await open(use, (real) => {
        const made = faultyStore(real)
        faults = made.faults
        return made.store
      })
      hub = through(use.use(opened))
    }, OPEN_MS)
    afterAll(() => use.disposeAsync(), OPEN_MS)

    const fixture = { hub: () => hub, store: () => faults }
    guildHubLog(fixture)
    guildHubCommands(fixture)
    guildHubStoreFaults(fixture)
    guildHubLoading(fixture)
    guildHubMembers(fixture)
    guildHubPresence(fixture)
    guildHubVoice(fixture)
  })
}

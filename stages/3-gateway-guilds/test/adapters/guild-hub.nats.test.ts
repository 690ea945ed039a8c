import { testGuildHub } from '@threshold/conformance/ports'
import { leaseDatabase } from '@threshold/engines/testing'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { startGuildHost } from '../../src/actors/host.ts'
import { natsGuildHub } from '../../src/adapters/guild-hub.nats.ts'
import { natsFixture } from '../nats/fixture.ts'

testGuildHub('NATS', async (use, faulty) => {
  const nats = await natsFixture(use)
  const { uri } = use.use(await leaseDatabase())
  const host = await nats.connect('host')
  const { runtime } = nats
  const mongo = use.use(await mongoDatabase({ uri }, runtime.telemetry))
  const metadata = faulty(await mongoMetadataStore(mongo))
  const messages = await mongoMessageStore(mongo)
  const computed = { permissions: typescriptPermissions(), memberList: typescriptMemberList }
  const ports = { metadata, messages, ...computed, presenceDelayMs: 20 }
  use.use(await startGuildHost(host, ports, runtime))
  return natsGuildHub(await nats.connect('gateway'), 'gateway-1', nats.runtime)
})

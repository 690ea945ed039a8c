import { testGuildHub } from '@threshold/conformance/ports'
import { silentLog, silentTracer, systemClock } from '@threshold/kit'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { database } from './database.ts'

const computed = { permissions: typescriptPermissions(), memberList: typescriptMemberList }

testGuildHub('Memory', async (use, faulty) => {
  const mongo = await database(use)
  const metadata = faulty(await mongoMetadataStore(mongo))
  const messages = await mongoMessageStore(mongo)
  return memoryGuildHub(
    { metadata, messages, ...computed },
    { clock: systemClock, log: silentLog, telemetry: { tracer: silentTracer } },
    { presenceDelayMs: 20 },
  )
})

import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import type { MemberList } from '@threshold/ports'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { startGuildHost } from '../../src/actors/host.ts'
import { startWatchdog } from '../../src/actors/watchdog.ts'
import { connectNats, type NatsConfig } from '../../src/nats/connect.ts'

/**
 * A guild host as a process, in which a search for the members "leaking" leaks memory. Prints the
 * host's partitions when they change.
 */
const [nats = '', uri = '', maxMemoryMb = ''] = process.argv.slice(2)
const config = JSON.parse(nats) as NatsConfig
const runtime = createRuntime({ random: randomBytes })
const connection = await connectNats(config, 'host', runtime)
const mongo = await mongoDatabase({ uri }, runtime.telemetry)
const leaked: Uint8Array[] = []
const faultyList = (): MemberList => {
  const list = typescriptMemberList()
  return {
    ...list,
    startingWith(prefix, limit) {
      if (prefix === 'leaking') leaked.push(new Uint8Array(2 ** 23).fill(1))
      return list.startingWith(prefix, limit)
    },
  }
}
const host = await startGuildHost(
  connection,
  {
    metadata: await mongoMetadataStore(mongo),
    messages: await mongoMessageStore(mongo),
    permissions: typescriptPermissions(),
    memberList: faultyList,
    watch: (leaseKey) =>
      startWatchdog({ nats: config, leaseKey, maxTurnMs: 700, maxMemoryMb: Number(maxMemoryMb) }),
  },
  runtime,
)
let printed = ''
setInterval(() => {
  const owned = JSON.stringify(host.owned())
  if (owned !== printed) process.stdout.write(`${owned}\n`)
  printed = owned
}, 20)

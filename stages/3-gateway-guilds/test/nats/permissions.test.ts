import { fileURLToPath } from 'node:url'
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node'
import { type NatsEngine, roleUsers } from '@threshold/engines'
import { dedicatedNats } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { natsConfig } from './fixture.ts'

/** One subject of each kind, with the roles that may publish to it. */
const PUBLISHERS: Record<string, readonly string[]> = {
  'hub.7.host': ['api', 'gateway', 'guilds', 'voice'],
  'resend.host': ['api', 'gateway', 'voice'],
  'link.api.1': ['guilds'],
  'link.gateway.a': ['guilds'],
  'search.query': ['api'],
  'search.status': ['api'],
  'search.write': ['api'],
  'voice.admit': ['gateway'],
  'push.send': ['api'],
  'dead.push.1': ['notifications'],
  'log.7': ['guilds'],
  '$KV.claims.7': ['guilds'],
  '$KV.leases.guilds.host': ['guilds'],
  '$KV.leases.gateway.gateway.a': ['gateway'],
  '$KV.leases.gateway.api.1': ['api'],
  '$KV.pending.a': ['api'],
  '$KV.workers.7': ['api'],
  '$JS.API.STREAM.DELETE.LOG': [],
  '$JS.API.STREAM.PURGE.KV_claims': [],
  '$JS.API.STREAM.MSG.DELETE.PUSHES': [],
  '$JS.API.STREAM.MSG.DELETE.PUSHES_DEAD': ['api'],
  '$JS.API.CONSUMER.MSG.NEXT.PUSHES.pushes': ['notifications'],
  '$JS.API.CONSUMER.MSG.NEXT.SEARCH.a': ['search'],
  '$JS.API.STREAM.PURGE.SEARCH': [],
}

const SUBSCRIBERS: Record<string, readonly string[]> = {
  'hub.7.host': ['guilds'],
  'resend.host': ['guilds'],
  'link.api.1': ['api'],
  'link.gateway.a': ['gateway'],
  'link.voice.a': ['voice'],
  'search.query': ['search'],
  'search.status': ['search'],
  'search.write': [],
  'voice.admit': ['voice'],
  'log.7': [],
  'push.send': [],
  'dead.push.1': [],
  '_INBOX.api.1': ['api'],
  '_INBOX.>': [],
  '>': [],
}

/** The subjects among these that the server refuses. */
async function refused(
  connection: NatsConnection,
  subjects: readonly string[],
  use: (subject: string) => void,
): Promise<string[]> {
  const found: string[] = []
  const reading = (async () => {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        found.push(status.error.subject)
  })()
  for (const subject of subjects) use(subject)
  // The server answers in order, so all refusals have come before the answer to this.
  await connection.flush()
  await connection.close()
  await reading
  return found
}

const subjectsRefused = (table: Record<string, readonly string[]>, role: string) =>
  Object.keys(table).filter((subject) => !table[subject]!.includes(role))

describe('a role on NATS', () => {
  const use = new AsyncDisposableStack()
  let engine: NatsEngine
  beforeAll(async () => {
    const users = await roleUsers(fileURLToPath(new URL('../..', import.meta.url)))
    engine = use.use(await dedicatedNats({ users }))
  })
  afterAll(() => use.disposeAsync())

  async function connectAs(role: string): Promise<NatsConnection> {
    const { servers, user, password: pass } = natsConfig(engine.uriOf(role))
    const options = { servers: [...servers], user, pass, inboxPrefix: `_INBOX.${role}` }
    return await connect(options)
  }

  it.each(['api', 'gateway', 'guilds', 'notifications', 'search', 'voice'])(
    '%s publishes and subscribes to its own subjects only',
    async (role) => {
      const publisher = await connectAs(role)
      const publishing = Object.keys(PUBLISHERS)
      expect(
        await refused(publisher, publishing, (subject) => publisher.publish(subject, 'test')),
      ).toEqual(subjectsRefused(PUBLISHERS, role))
      const subscriber = await connectAs(role)
      const subscribing = Object.keys(SUBSCRIBERS)
      expect(
        await refused(subscriber, subscribing, (subject) => {
          subscriber.subscribe(subject, { callback: () => {} })
        }),
      ).toEqual(subjectsRefused(SUBSCRIBERS, role))
    },
  )
})

import { randomUUID } from 'node:crypto'
import {
  CodedError,
  type Deadline,
  deadlineAfter,
  hasCode,
  messageOf,
  type Runtime,
} from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import type { MongoDatabase } from '@threshold/stage-1/mongodb'
import {
  type CassandraConfig,
  type CassandraDatabase,
  cassandraDatabase,
} from '../cassandra/database.ts'
import { hasMessages, probe } from '../cassandra/schema.ts'
import { type Following, followMigration } from './follow.ts'
import { createIntents, type Intents } from './intents.ts'
import { migratingMessageStore } from './message-store.migrating.ts'
import { rolesIn, type Sides, settle } from './mirror.ts'
import { cassandraMovable } from './movable.cassandra.ts'
import { mongoMovable } from './movable.mongodb.ts'
import { type Migration, type MigrationState, migrationState } from './phases.ts'
import { createShadow, type Shadow } from './shadow.ts'

export interface Databases {
  readonly mongo: MongoDatabase
  readonly cassandra: CassandraDatabase
  /** The message store on that Cassandra. */
  readonly messages: MessageStore
}

interface MovingConfig {
  readonly cassandra: CassandraConfig
  readonly startsOn: 'cassandra' | 'mongodb'
}

const SETTLE_EVERY_MS = 500
const SETTLED_TOGETHER = 200
const SETTLE_WITHIN_MS = 5_000

export interface MovingMessageStore extends MessageStore {
  /**
   * Rejects while what decides in this phase does not answer. A second store that is away takes no
   * process out of service.
   */
  ready(deadline: Deadline): Promise<void>
}

/**
 * The message store in whatever phase the move from MongoDB is. Where stage 1 left messages and
 * nobody has begun to move them, it serves them from where they are; `startsOn` says the same of an
 * empty database. Where nothing ever moved, or all is done, it is the store on Cassandra itself,
 * and costs nothing.
 */
export async function movingMessageStore(
  { mongo, cassandra, messages }: Databases,
  config: MovingConfig,
  runtime: Runtime,
): Promise<MovingMessageStore> {
  const state = migrationState(mongo, runtime.clock)
  const answers = (deadline: Deadline): Promise<void> =>
    probe(cassandra, config.cassandra, deadline)
  const migration = (await state.read()) ?? (await begin(state, cassandra, config))
  if (migration.phase === 'decommissioned') {
    if (config.startsOn === 'mongodb' || (await state.hasMessages()))
      runtime.log.warn(
        'messages are on Cassandra here; what MongoDB may have of them was written past this stage and is not read',
      )
    return { ...messages, ready: answers }
  }

  await using opened = new AsyncDisposableStack()
  const id = randomUUID()
  const sides: Sides = {
    mongo: { store: await mongoMessageStore(mongo), movable: mongoMovable(mongo) },
    cassandra: { store: messages, movable: cassandraMovable(cassandra, config.cassandra) },
  }
  let following: Following
  const intents = opened.use(await createIntents(mongo, id, runtime))
  const shadow: Shadow = createShadow(() => following.now(), state, intents, runtime)
  following = opened.use(await followMigration(state, id, runtime, shadow.counts))
  opened.use(settleIntents(sides, following, intents, runtime))
  const store = migratingMessageStore({ sides, following, intents, shadow }, runtime)
  const closing = opened.move()
  return {
    ...store,
    async ready(deadline) {
      const { phase, policy } = following.now()
      const needed =
        rolesIn(phase, sides).primary === sides.cassandra ||
        (phase === 'dual-write' && policy === 'fail')
      if (needed) await answers(deadline)
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/**
 * Opens Cassandra. Where some stage was started on this database before, one that is away is waited
 * for in the background: a process that is restarted in an outage serves what it can. The first
 * start has to write down where messages are, and needs it.
 */
export async function openCassandra(
  mongo: MongoDatabase,
  { cassandra }: Pick<MovingConfig, 'cassandra'>,
  { clock, log, telemetry }: Runtime,
): Promise<CassandraDatabase> {
  const known = await migrationState(mongo, clock).read()
  return await cassandraDatabase(cassandra, telemetry, known && log)
}

/**
 * Which of the two has the messages is written down by the first start, and never guessed again.
 */
async function begin(
  state: MigrationState,
  cassandra: CassandraDatabase,
  { cassandra: target, startsOn }: MovingConfig,
): Promise<Migration> {
  if (startsOn === 'cassandra' && !(await state.hasMessages()))
    return await state.begin('decommissioned')
  // A history on Cassandra would vanish from sight, and a verification take it for what MongoDB has
  // deleted.
  if (await hasMessages(cassandra, target, deadlineAfter(SETTLE_WITHIN_MS))) {
    throw new CodedError(
      'MESSAGES_ON_BOTH',
      `keyspace ${target.keyspace} has messages, and those on MongoDB are to be served: nothing says which are the right ones`,
      {
        next: 'name an empty keyspace in THRESHOLD_CASSANDRA_URI, or a database without messages in THRESHOLD_MONGODB_URI',
      },
    )
  }
  return await state.begin('mongo')
}

/**
 * Settles what is written down: what failed here a moment ago, and what a process left that is no
 * more.
 */
function settleIntents(
  sides: Sides,
  following: Following,
  intents: Intents,
  { log, clock }: Pick<Runtime, 'log' | 'clock'>,
) {
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let working = Promise.resolve()

  async function settleSome(): Promise<void> {
    const deadline = deadlineAfter(SETTLE_WITHIN_MS, clock)
    const { primary, follower } = rolesIn(following.now().phase, sides)
    if (!follower || following.now().to !== undefined) return
    // As a write, since it is one: a phase is not over while this goes by it.
    await following.write(deadline, async ({ phase }) => {
      const roles = rolesIn(phase, sides)
      if (roles.primary !== primary) return
      const ends = { from: primary.movable, to: follower.movable }
      for (const { noteId, intent } of await intents.due(SETTLED_TOGETHER, deadline)) {
        try {
          await settle(ends, intent, deadline)
          await intents.remove([noteId], deadline)
        } catch (error) {
          if (!hasCode(error, 'ROW_REFUSED')) throw error
          // It must not keep all others waiting.
          log.error(
            { err: messageOf(error) },
            'the second store will not take a message; the move cannot be completed with it',
          )
          await intents.refused([noteId], messageOf(error), deadline)
        }
      }
    })
  }
  async function work(): Promise<void> {
    try {
      await settleSome()
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'what the two stores may differ in waits to be settled')
    }
    if (!closed) timer = setTimeout(begin, SETTLE_EVERY_MS)
  }
  function begin(): void {
    working = work()
  }
  begin()
  return {
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      await working
    },
  }
}

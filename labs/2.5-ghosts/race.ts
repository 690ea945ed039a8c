import { setTimeout as delay } from 'node:timers/promises'
import { startStage } from '@threshold/engines'
import {
  API_CONNECTIONS,
  type Api,
  createApi,
  type FixtureGuild,
  type Intervention,
  queryKeyspace,
  retryWhileBusy,
  type TrialContext,
} from '@threshold/lab-kit'
import pLimit from 'p-limit'
import { type Pair, tallyOf, timeWrite } from './overlap.ts'

export const REPORTED = {
  races: 'messages that one user edited and another deleted',
  edits: 'edits that succeeded',
  raced: 'successful edits that overlapped the delete of the same message',
  ghosts: 'rows with a text and no author',
  shown: 'deleted messages that a page shows',
} as const

export const RACES = 200
/** The number that an `Api` sends at once, so that no request queues in the client. */
const CONCURRENCY = API_CONNECTIONS
/**
 * Time from the start of an edit to the start of its delete, as a fraction of the time that a send
 * takes here. The races use them in turn: with a single value, nearly every delete would win on
 * some machines and none on others.
 */
const HEAD_STARTS = [0, 0.2, 0.4, 0.6, 0.8]
/** How long a busy stage is asked again to store a message before its race. */
const BUSY_WITHIN_MS = 30_000
/** Both processes of the stage share the secret, so that each accepts the other's tokens. */
export const SECRET = 'lab-2-5: two processes, one chat'

interface Message {
  readonly id: string
  readonly channel: string
}
const pathOf = ({ channel, id }: Message): string => `/api/v10/channels/${channel}/messages/${id}`

const BY_KEY = 'WHERE channel_id = ? AND bucket = ? AND message_id = ?'

/**
 * Deletes each message and then edits it. The edits bypass the stage: a plain UPDATE whose
 * timestamp is the time at which it is written. `deletes` says whether the deletes are as plain, or
 * the stage's.
 */
const editsAfterDeletes = (text: string, deletes: 'naive' | 'stage'): Intervention => ({
  text,
  run: (context) =>
    race(context, (messages, { members }) =>
      queryKeyspace(context.cassandra, async (keyspace, rows) => {
        await using moderator = createApi(context.stage.url)
        const partitions = await rows(
          `SELECT channel_id, bucket, message_id FROM ${keyspace}.messages`,
        )
        const keys = new Map(
          partitions.map((row) => [
            String(row.message_id),
            [row.channel_id, row.bucket, row.message_id],
          ]),
        )
        return await pLimit(CONCURRENCY).map(messages, async (message) => {
          const key = keys.get(message.id)!
          const remove = (): Promise<unknown> =>
            deletes === 'stage'
              ? moderator.call('DELETE', pathOf(message), members[0]!.token)
              : rows(`DELETE FROM ${keyspace}.messages ${BY_KEY}`, key)
          const removed = await timeWrite(remove)
          const edit = await timeWrite(() =>
            rows(`UPDATE ${keyspace}.messages SET content = ? ${BY_KEY}`, ['edited', ...key]),
          )
          return { edit, remove: removed }
        })
      }),
    ),
})

export const naiveDeletes = editsAfterDeletes(
  'each message is deleted and then edited, both by plain statements with the current time',
  'naive',
)
/** The edits are the same, and later than the deletes. Only the deletes differ. */
export const stageDeletes = editsAfterDeletes(
  'each message is deleted by the stage and then edited by a plain statement',
  'stage',
)

/**
 * Edits through one process of the stage and deletes through a second one on the same stores. The
 * mutex per message works only within a process, so it does not serialise them.
 */
export const editsAndDeletesThroughStage: Intervention = {
  text: 'one process of the stage edits messages while another deletes them',
  run: (context) =>
    race(context, async (messages, { members }, sendMs) => {
      const { mongo, cassandra } = context
      const env = {
        THRESHOLD_TOKEN_SECRET: SECRET,
        THRESHOLD_WORKER: '1',
        THRESHOLD_LOG_LEVEL: 'warn',
      }
      await using second = await startStage({
        stage: 2,
        engineUri: mongo.uri,
        cassandraUri: cassandra!.uri,
        env,
      })
      await using editor = createApi(context.stage.url)
      await using moderator = createApi(second.url)
      const token = members[0]!.token
      return await pLimit(CONCURRENCY).map(messages, async (message, n) => {
        // An edit that comes after the delete fails with 404.
        const editing = timeWrite(() =>
          editor.call('PATCH', pathOf(message), token, { content: 'edited' }),
        )
        await delay(HEAD_STARTS[n % HEAD_STARTS.length]! * sendMs)
        const removing = timeWrite(() => moderator.call('DELETE', pathOf(message), token))
        return { edit: await editing, remove: await removing }
      })
    }),
}

async function race(
  context: TrialContext,
  act: (messages: readonly Message[], guild: FixtureGuild, sendMs: number) => Promise<Pair[]>,
): Promise<Record<string, number>> {
  const guild = context.guilds.find(({ group }) => group === 'raced')!
  const channel = guild.channels[0]!
  await using api = createApi(context.stage.url)
  const from = performance.now()
  const messages = await sendMessages(api, guild, channel)
  const pairs = await act(messages, guild, ((performance.now() - from) * CONCURRENCY) / RACES)
  // If a delete failed, the message that remains is no ghost, and the trial is no evidence.
  for (const { remove } of pairs) if (remove.error !== undefined) throw remove.error
  const { edits, raced } = tallyOf(pairs)
  const ids = new Set(messages.map(({ id }) => id))
  const rows = await queryKeyspace(context.cassandra, (keyspace, query) =>
    query(`SELECT message_id, author_id FROM ${keyspace}.messages`),
  )
  const page = (await api.call(
    'GET',
    `/api/v10/channels/${channel}/messages?limit=100`,
    guild.members[0]!.token,
  )) as { id: string }[]
  return {
    [REPORTED.races]: messages.length,
    [REPORTED.edits]: edits,
    [REPORTED.raced]: raced,
    [REPORTED.ghosts]: rows.filter((row) => row.author_id == null).length,
    [REPORTED.shown]: page.filter(({ id }) => ids.has(id)).length,
  }
}

async function sendMessages(
  api: Api,
  { members }: FixtureGuild,
  channel: string,
): Promise<Message[]> {
  const retry = retryWhileBusy({ withinMs: BUSY_WITHIN_MS })
  const path = `/api/v10/channels/${channel}/messages`
  return await pLimit(CONCURRENCY).map(Array.from({ length: RACES }), async () => {
    // Repeated, it may leave a message that no race uses. A nonce would lengthen a send, whose time
    // sets the head starts.
    const { id } = (await retry('store a message', () =>
      api.call('POST', path, members[0]!.token, { content: 'hello' }),
    )) as { id: string }
    return { id, channel }
  })
}

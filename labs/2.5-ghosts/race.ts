import { setTimeout as delay } from 'node:timers/promises'
import { startStage } from '@threshold/engines'
import {
  API_CONNECTIONS,
  type Api,
  createApi,
  type FixtureGuild,
  type Intervention,
  queryKeyspace,
  type TrialContext,
} from '@threshold/lab-kit'
import { type Pair, tallyOf, timeWrite } from './overlap.ts'

export const REPORTED = {
  races: 'messages that one person edited and another deleted',
  edits: 'edits that were answered as done',
  raced: 'of them, those under way while the delete of the same message was',
  ghosts: 'rows with a text and nobody who wrote it',
  shown: 'deleted messages that a page shows',
} as const

export const RACES = 200
/**
 * No more than an Api sends at a time: what has begun is on its way then, and does not wait in line
 * on our side.
 */
const AT_ONCE = API_CONNECTIONS
/**
 * How long an edit is under way when the delete begins, in times that a send takes here, one after
 * the other in turn. Which of the two is quicker depends on the machine; with any one head start,
 * on some machine nearly every delete would win, or none.
 */
const HEAD_STARTS = [0, 0.2, 0.4, 0.6, 0.8]
/** The two processes read each other's tokens. */
export const SECRET = 'lab-2-5: two processes, one chat'

interface Raced {
  readonly id: string
  readonly channel: string
}
const pathOf = ({ channel, id }: Raced): string => `/api/v10/channels/${channel}/messages/${id}`

const ONE = 'WHERE channel_id = ? AND bucket = ? AND message_id = ?'

/**
 * Each message is deleted, and then edited by somebody who does not know it yet. The edits are a
 * first draft's, past the stage: a statement that sets its columns, and has the time at which it is
 * written.
 */
const editsAfterDeletes = (text: string, deletes: 'draft' | 'stage'): Intervention => ({
  text,
  run: (scene) =>
    race(scene, (messages, { members }) =>
      queryKeyspace(scene.cassandra, async (keyspace, rows) => {
        await using moderator = createApi(scene.stage.url)
        const partitions = await rows(
          `SELECT channel_id, bucket, message_id FROM ${keyspace}.messages`,
        )
        const keys = new Map(
          partitions.map((row) => [
            String(row.message_id),
            [row.channel_id, row.bucket, row.message_id],
          ]),
        )
        return await together(messages, async (message) => {
          const key = keys.get(message.id)!
          const remove = (): Promise<unknown> =>
            deletes === 'stage'
              ? moderator.call('DELETE', pathOf(message), members[0]!.token)
              : rows(`DELETE FROM ${keyspace}.messages ${ONE}`, key)
          const removed = await timeWrite(remove)
          const edit = await timeWrite(() =>
            rows(`UPDATE ${keyspace}.messages SET content = ? ${ONE}`, ['edited', ...key]),
          )
          return { edit, remove: removed }
        })
      }),
    ),
})

export const naiveDeletes = editsAfterDeletes(
  'edits that come after a delete, both as a first draft writes them: each with its own time',
  'draft',
)
/**
 * The same edits, later than the deletes by their own times as well; only the deletes are written
 * otherwise.
 */
export const stageDeletes = editsAfterDeletes(
  'the same edits of a first draft, after deletes as the stage writes them',
  'stage',
)

/**
 * All through the stage, and through a second process of it on the same stores, which knows nothing
 * of the first one's turns.
 */
export const editsAndDeletesThroughStage: Intervention = {
  text: 'edits through one process of the stage, deletes of the same messages through another',
  run: (scene) =>
    race(scene, async (messages, { members }, sendMs) => {
      const { mongo, cassandra } = scene
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
      await using editor = createApi(scene.stage.url)
      await using moderator = createApi(second.url)
      const token = members[0]!.token
      return await together(messages, async (message, n) => {
        // Refused, an edit came too late and was told so.
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
  scene: TrialContext,
  act: (messages: readonly Raced[], guild: FixtureGuild, sendMs: number) => Promise<Pair[]>,
): Promise<Record<string, number>> {
  const guild = scene.guilds.find(({ group }) => group === 'raced')!
  const channel = guild.channels[0]!
  await using api = createApi(scene.stage.url)
  const from = performance.now()
  const messages = await sendMessages(api, guild, channel)
  const pairs = await act(messages, guild, ((performance.now() - from) * AT_ONCE) / RACES)
  // A message that stays because nobody deleted it would be no ghost, and no evidence.
  for (const { remove } of pairs) if (remove.refusal !== undefined) throw remove.refusal
  const { edits, raced } = tallyOf(pairs)
  const ids = new Set(messages.map(({ id }) => id))
  const rows = await queryKeyspace(scene.cassandra, (keyspace, ask) =>
    ask(`SELECT message_id, author_id FROM ${keyspace}.messages`),
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
): Promise<Raced[]> {
  return await together(Array.from({ length: RACES }), async () => {
    const { id } = (await api.call(
      'POST',
      `/api/v10/channels/${channel}/messages`,
      members[0]!.token,
      { content: 'hello' },
    )) as {
      id: string
    }
    return { id, channel }
  })
}

/** Some at a time; what came of each, in the order of the items. */
async function together<T, R>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const rest = items.entries()
  const results: R[] = []
  const some = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await act(item, index)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
  return results
}

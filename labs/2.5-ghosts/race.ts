import { startStage } from '@threshold/engines'
import { type Api, askKeyspace, createApi, type Deed, type Scene, type WorldGuild } from '@threshold/lab-kit'

export const TOLD = {
  races: 'messages that one person edited while another deleted them',
  edits: 'edits that were answered as done',
  ghosts: 'rows with a text and nobody who wrote it',
  shown: 'deleted messages that a page shows',
} as const

const RACES = 200
const AT_ONCE = 20
/** The two processes read each other's tokens. */
export const SECRET = 'lab-2-5: two processes, one chat'

interface Raced {
  readonly id: string
  readonly channel: string
}

/** As a first draft writes it: an edit sets its columns, a delete deletes, and each has the time at which it is written. */
export const firstDraft: Deed = {
  text: 'edits and deletes of the same messages, written as a first draft would: each statement with its own time',
  run: (scene) =>
    race(scene, async (messages) => {
      await askKeyspace(scene.cassandra, async (keyspace, rows) => {
        const partitions = await rows(`SELECT channel_id, bucket, message_id FROM ${keyspace}.messages`)
        const keys = new Map(partitions.map((row) => [String(row.message_id), [row.channel_id, row.bucket, row.message_id]]))
        const where = 'WHERE channel_id = ? AND bucket = ? AND message_id = ?'
        await together(messages, async ({ id }) => {
          const key = keys.get(id)!
          const remove = rows(`DELETE FROM ${keyspace}.messages ${where}`, key)
          await Promise.all([remove, rows(`UPDATE ${keyspace}.messages SET content = ? ${where}`, ['edited', ...key])])
        })
      })
      return messages.length
    }),
}

/** The same through the stage, and through a second process of it on the same stores, which knows nothing of the first one's turns. */
export const throughTheStage: Deed = {
  text: 'edits through one process of the stage, deletes of the same messages through another',
  run: (scene) =>
    race(scene, async (messages, { members }) => {
      const { mongo, cassandra } = scene
      const env = { THRESHOLD_TOKEN_SECRET: SECRET, THRESHOLD_WORKER: '1', THRESHOLD_LOG_LEVEL: 'warn' }
      await using second = await startStage({ stage: 2, engineUri: mongo.uri, cassandraUri: cassandra!.uri, env })
      await using editor = createApi(scene.stage.url)
      await using moderator = createApi(second.url)
      const path = ({ channel, id }: Raced): string => `/api/v10/channels/${channel}/messages/${id}`
      const token = members[0]!.token
      let edited = 0
      await together(messages, async (message) => {
        const edit = editor.call('PATCH', path(message), token, { content: 'edited' }).then(
          () => void edited++,
          () => {}, // it came too late, and was told so
        )
        await Promise.all([edit, moderator.call('DELETE', path(message), token)])
      })
      return edited
    }),
}

async function race(
  scene: Scene,
  act: (messages: readonly Raced[], guild: WorldGuild) => Promise<number>,
): Promise<Record<string, number>> {
  const guild = scene.guilds.find(({ group }) => group === 'raced')!
  const channel = guild.channels[0]!
  await using api = createApi(scene.stage.url)
  const messages = await write(api, guild, channel)
  const edits = await act(messages, guild)
  const ids = new Set(messages.map(({ id }) => id))
  const rows = await askKeyspace(scene.cassandra, (keyspace, ask) => ask(`SELECT message_id, author_id FROM ${keyspace}.messages`))
  const page = (await api.call('GET', `/api/v10/channels/${channel}/messages?limit=100`, guild.members[0]!.token)) as { id: string }[]
  return {
    [TOLD.races]: messages.length,
    [TOLD.edits]: edits,
    [TOLD.ghosts]: rows.filter((row) => row.author_id == null).length,
    [TOLD.shown]: page.filter(({ id }) => ids.has(id)).length,
  }
}

async function write(api: Api, { members }: WorldGuild, channel: string): Promise<Raced[]> {
  const messages: Raced[] = []
  await together(Array.from({ length: RACES }), async () => {
    const { id } = (await api.call('POST', `/api/v10/channels/${channel}/messages`, members[0]!.token, { content: 'hello' })) as {
      id: string
    }
    messages.push({ id, channel })
  })
  return messages
}

async function together<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values()
  const some = async (): Promise<void> => {
    for (const item of rest) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
}

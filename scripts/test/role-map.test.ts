import { expect, it } from 'vitest'
import { ROOT } from '../src/context.ts'
import { roleMapDifferences, rolesBlock } from '../src/lab-pages/roles-block.ts'

const NONE = { requests: [], serves: [], sends: [], receives: [], buckets: {}, streams: {} }

it('the map of the roles connects those whose subjects match', () => {
  const map = rolesBlock({
    shop: { ...NONE, requests: ['stock.*'], receives: ['news.shop'], buckets: { keys: [] } },
    store: {
      ...NONE,
      serves: ['stock.*', 'audit.all'],
      sends: ['news.*'],
      buckets: { keys: ['a.*'] },
      streams: {
        LOG: { publishes: ['log.*'], consumes: true, deletes: false },
        DEAD: { publishes: [], consumes: false, deletes: true },
      },
    },
  })
  expect(map.match(/^ {2}\w+(?:\[.*\])? [-=]+>.*$/gm)).toEqual([
    '  shop -->|"stock.*"| store',
    '  store ==>|"news.shop"| shop',
    '  store -->|"log.*"| LOG[("stream LOG")]',
    '  LOG[("stream LOG")] --> store',
    '  DEAD[("stream DEAD")] --> store',
  ])
  expect(map).toContain('| `keys` | store (`a.*`)     | shop, store |')
})

it('every page of a stage has the map of its nats.json', async () => {
  expect(await roleMapDifferences(ROOT)).toEqual([])
})

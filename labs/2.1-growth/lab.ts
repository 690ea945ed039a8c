import { busyGuilds, count, defineLab, reported, time } from '@threshold/lab-kit'
import { audit } from './audit.ts'
import { countSstables, SSTABLES } from './sstables.ts'

/**
 * Half reads, half writes. What grows is the number of channels, each as long as before: the
 * stand-in's page read costs by the size of a channel, which MongoDB's does not, and no engine is
 * to be blamed for that. Few messages and long ones weigh as much in a cache as many short ones,
 * and are written sooner.
 */
const talk = (channels: number) =>
  busyGuilds({
    guilds: 1,
    online: 5,
    channels,
    messagesPerSecond: 10,
    readsPerSecond: 10,
    history: { messages: 300, days: 365, characters: 1_600 },
    seconds: 10,
    seed: 21,
  })

/** Megabytes, of each engine: as small as both allow. */
const CACHE = 16
const FEW = 12
const MANY = 120

export default defineLab({
  id: '2.1',
  title: 'Growth',
  question: "How does each engine's own cache-miss count per operation slope over tenfold growth?",
  hypothesis:
    'At ten times the data either engine reads at least once more from disk for each operation. One node of Cassandra is no cure for a cache that is too small; what it buys is that there may be more nodes.',
  minutes: { quick: 3, full: 10 },
  memory: '4 GB',

  load: talk(FEW),
  arms: {
    mongo: { stage: 'stage-1', load: talk(FEW), cacheMb: CACHE },
    mongoTenfold: { stage: 'stage-1', load: talk(MANY), cacheMb: CACHE },
    cassandra: {
      stage: 'stage-2',
      load: talk(FEW),
      cassandra: { cacheMb: CACHE },
      intervention: countSstables,
    },
    cassandraTenfold: {
      stage: 'stage-2',
      load: talk(MANY),
      cassandra: { cacheMb: CACHE },
      intervention: countSstables,
    },
  },

  measure: {
    misses: count.missesPerThousand(),
    sstables: reported(
      SSTABLES.usual,
      'count',
      `${SSTABLES.usual} (p50), where the node is ours to ask`,
    ),
    sstablesP99: reported(SSTABLES.most, 'count', `${SSTABLES.most} (p99)`),
    sends: count.acknowledged(),
    pages: count.pagesRead(),
    errors: count.errors(),
    readP99: time.readP99(),
    sendP99: time.sendP99(),
  },

  expect: {},
  // What a thousand operations cost more at ten times the data, by each engine's own count.
  expectAcross: ({ mongo, mongoTenfold, cassandra, cassandraTenfold }) => {
    const [onMongo, onCassandra] = [
      mongoTenfold.misses.minus(mongo.misses),
      cassandraTenfold.misses.minus(cassandra.misses),
    ]
    return onMongo.atLeast(1_000).and(onCassandra.atLeast(1_000))
  },
  notes: (arms) => audit(arms),

  control: {
    text: 'nothing was ever said in most of the channels: nothing grows',
    load: { channels: FEW },
    failsOn: [
      'across arms: mongo tenfold misses beyond mongo misses',
      'across arms: cassandra tenfold misses beyond cassandra misses',
    ],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { channels: 60, seconds: 4, warmupSeconds: 1 } },
    quick: { repeats: 1, load: { warmupSeconds: 2 } },
    full: { repeats: 3, load: { seconds: 20, warmupSeconds: 4 } },
  },
})

import { busyGuilds, count, defineLab, reported, time } from '@threshold/lab-kit'
import { audit } from './audit.ts'
import { countSstables, SSTABLES } from './sstables.ts'

/**
 * Half reads, half writes. The number of channels grows, but not their length: a page of the
 * stand-in costs more in a longer channel, unlike MongoDB's, and the lab must not measure that. A
 * few long messages fill a cache like many short ones, and are imported faster.
 */
const loadOf = (channels: number) =>
  busyGuilds({
    guilds: 1,
    online: 5,
    channels,
    messagesPerSecond: 10,
    readsPerSecond: 10,
    history: { messages: 300, days: 365, characters: 1_600 },
    seconds: 10,
    seed: 23,
  })

/** The smallest cache that both engines allow. */
const CACHE_MB = 16
const FEW = 12
const MANY = 120

export default defineLab({
  id: '2.1',
  title: 'Growth',
  question: "How does each engine's own cache-miss count per operation slope over tenfold growth?",
  hypothesis:
    'At ten times the data, both engines need at least one more disk read per operation. One Cassandra node does not cure a cache that is too small. Its advantage is that you can add nodes.',
  minutes: { quick: 3, full: 10 },
  memory: '4 GB',

  load: loadOf(FEW),
  arms: {
    mongo: { stage: 'stage-1', load: loadOf(FEW), cacheMb: CACHE_MB },
    mongoTenfold: { stage: 'stage-1', load: loadOf(MANY), cacheMb: CACHE_MB },
    cassandra: {
      stage: 'stage-2',
      load: loadOf(FEW),
      cassandra: { cacheMb: CACHE_MB },
      intervention: countSstables,
    },
    cassandraTenfold: {
      stage: 'stage-2',
      load: loadOf(MANY),
      cassandra: { cacheMb: CACHE_MB },
      intervention: countSstables,
    },
  },

  measure: {
    misses: count.missesPerThousand(),
    sstables: reported(SSTABLES.p50, 'count', `${SSTABLES.p50}, if the lab started the node`),
    sstablesP99: reported(SSTABLES.p99, 'count', `${SSTABLES.p99}, if the lab started the node`),
    sends: count.acknowledged(),
    pages: count.pagesRead(),
    errors: count.errors(),
    readP99: time.readP99(),
    sendP99: time.sendP99(),
  },

  expect: {},
  // The additional cache misses per 1,000 operations at ten times the data.
  expectAcross: ({ mongo, mongoTenfold, cassandra, cassandraTenfold }) => {
    const [onMongo, onCassandra] = [
      mongoTenfold.misses.minus(mongo.misses),
      cassandraTenfold.misses.minus(cassandra.misses),
    ]
    return onMongo.atLeast(1_000).and(onCassandra.atLeast(1_000))
  },
  notes: (arms) => audit(arms),

  control: {
    text: 'all arms have few channels, so that the data does not grow',
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

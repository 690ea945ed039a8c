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
  question:
    'How many more reads from disk does an operation cost at ten times the data, on each engine?',
  hypothesis:
    'At ten times the data, both engines need at least one more disk read per operation. One Cassandra node does not cure a cache that is too small. Its advantage is that you can add nodes.',
  minutes: { quick: 3, full: 10 },
  memory: '4 GB',

  load: loadOf(FEW),
  arms: {
    mongo: {
      title: 'MongoDB, little data',
      stage: 'stage-1',
      load: loadOf(FEW),
      cacheMb: CACHE_MB,
    },
    mongoTenfold: {
      title: 'MongoDB, ten times the data',
      stage: 'stage-1',
      breaks: true,
      load: loadOf(MANY),
      cacheMb: CACHE_MB,
    },
    cassandra: {
      title: 'Cassandra, little data',
      stage: 'stage-2',
      load: loadOf(FEW),
      cassandra: { cacheMb: CACHE_MB },
      intervention: countSstables,
    },
    cassandraTenfold: {
      title: 'Cassandra, ten times the data',
      stage: 'stage-2',
      breaks: true,
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

  predict: [
    {
      text: 'At ten times the data, how many more reads from disk do 1,000 operations cause on MongoDB?',
      answer: ({ mongo, mongoTenfold }) => mongoTenfold.misses.minus(mongo.misses),
      range: [-5_000, 500_000],
      wrongAnswers: [
        {
          answer: [-5_000, 100],
          reveals:
            'You expect an index to make growth free. An index finds the page; it does not keep the page in memory.',
        },
        {
          answer: [101, 999],
          reveals:
            'You expect one read from disk for each page of history, and half of the operations are reads. Fifty long messages fill several pages of the engine, and each may be on disk.',
        },
      ],
    },
    {
      text: 'And on one Cassandra node with the same cache?',
      answer: ({ cassandra, cassandraTenfold }) => cassandraTenfold.misses.minus(cassandra.misses),
      range: [-5_000, 500_000],
      wrongAnswers: [
        {
          answer: [-5_000, 100],
          reveals:
            'You expect Cassandra itself to be the cure. One node with a cache that is too small reads from disk like any other engine. The cure is to add nodes.',
        },
        {
          answer: [101, 999],
          reveals:
            'You expect one read from disk for each page of history. Fifty long messages fill several chunks, which may lie in several files.',
        },
      ],
    },
  ],
  hints: [
    'Reads begin anywhere in the history. Which part of the data is then “recently used”?',
    'With a cache of 16 MB and some 60 MB of data, most pages are not in the cache.',
    'A page of history covers several pages of the engine, so one operation can need several reads from disk.',
  ],
  report: {
    sentence: ({ mongo, mongoTenfold, cassandra, cassandraTenfold }) =>
      `At ten times the data, 1,000 operations cost ${mongoTenfold.misses} reads from disk on MongoDB instead of ${mongo.misses}, and ${cassandraTenfold.misses} on one Cassandra node instead of ${cassandra.misses}.`,
    figures: [
      'misses',
      'mongo tenfold misses beyond mongo misses',
      'cassandra tenfold misses beyond cassandra misses',
    ],
    why: 'A cache serves data that was used recently. Reads begin anywhere, so the data in use is all data, and ten times as much no longer fits. Neither engine can change that. They differ in where more cache comes from: a larger server for MongoDB, one more node for Cassandra.',
    code: { file: 'stages/2-cassandra/src/cassandra/statements.ts', line: 'page: page(ROW),' },
    charts: ['read-times', 'cpu'],
  },

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

import { busyGuilds, count, defineLab, time } from '@threshold/lab-kit'

/**
 * The same users read the same number of pages anywhere in the history. Only the number of channels
 * differs. A channel has about a thousand messages, since a page of the stand-in costs more in a
 * larger channel, unlike MongoDB's.
 */
const readHistory = (channels: number) =>
  busyGuilds({
    guilds: 1,
    online: 5,
    channels,
    messagesPerSecond: 2,
    readsPerSecond: 10,
    history: { messages: 1_000, days: 365, characters: 400 },
    seconds: 8,
    seed: 12,
  })

/** Small enough to outgrow in seconds, as Discord outgrew its RAM in months in 2015. */
const CACHE_MB = 16
/** 10 reads per second for eight seconds. */
const READS = 80

export default defineLab({
  id: '1.2',
  title: 'Working set',
  question: 'What happens when data and index outgrow the cache?',
  hypothesis:
    'While the data that users read fits into the cache, a page of history needs no disk reads. Once it does not fit, every page needs some. Their number grows with the whole history, not with today’s traffic.',
  minutes: { quick: 1, full: 2 },
  memory: '1 GB',

  load: readHistory(5),
  arms: {
    fits: {
      title: 'The history fits the cache',
      stage: 'stage-1',
      load: readHistory(5),
      cacheMb: CACHE_MB,
    },
    outgrown: {
      title: 'Thirty times the history',
      stage: 'stage-1',
      breaks: true,
      load: readHistory(150),
      cacheMb: CACHE_MB,
    },
  },

  measure: { cacheMisses: count.cacheMisses(), errors: count.errors(), readP99: time.readP99() },

  // A failed read causes no misses. If errors were not asserted, an outage would look like data
  // that fits.
  expect: {
    fits: ({ cacheMisses, errors }) => cacheMisses.atMost(READS * 0.25).and(errors.is(0)),
    outgrown: ({ cacheMisses, errors }) => cacheMisses.atLeast(READS).and(errors.is(0)),
  },

  predict: [
    {
      text: 'Users read 80 pages from a history that fits the cache. How many reads from disk do they cause together?',
      answer: ({ fits }) => fits.cacheMisses,
      range: [0, 100_000],
      wrongAnswers: [
        {
          answer: [21, 79],
          reveals:
            'You expect a cold cache. The lab has just imported the history and warmed up, so the engine still has it in memory.',
        },
        {
          answer: [80, 100_000],
          reveals:
            'You expect the engine to read from disk for every page. It serves a page that was read or written recently from its cache.',
        },
      ],
    },
    {
      text: 'The same 80 pages, from thirty times the history: how many reads from disk?',
      answer: ({ outgrown }) => outgrown.cacheMisses,
      range: [0, 100_000],
      wrongAnswers: [
        {
          answer: [0, 20],
          reveals:
            'You expect the cost to follow the traffic, which is unchanged. It follows the data that the traffic touches, and that has outgrown the cache.',
        },
        {
          answer: [21, 79],
          reveals:
            'You expect part of the pages to be cached still. Reads begin anywhere, so nearly every page lies outside a cache that holds a small part of the data.',
        },
        {
          answer: [80, 200],
          reveals:
            'You expect one read from disk for each page of messages. The messages of a page and their index entries lie in many blocks of the engine, and most of them are missing.',
        },
      ],
    },
  ],
  hints: [
    'A cache helps with data that is read again soon. Where do these reads begin?',
    'The cache holds 16 MB. How large are five channels of a thousand messages with 400 characters each, and how large are 150?',
    'While everything fits, each part of the data is read from disk at most once. Once it does not, a page needs at least one read, and often tens, since its messages and their index entries lie in many blocks.',
  ],
  report: {
    sentence: ({ fits, outgrown }) =>
      `The same reads caused ${outgrown.cacheMisses} reads from disk over thirty times the history, and ${fits.cacheMisses} while it fitted the cache.`,
    figures: ['cache misses'],
    why: 'An engine keeps recently used pages in memory. Users open channels all over the history, so the data in use is the whole history. Once it exceeds the cache, each page that is loaded evicts another that will be needed. Every page of messages then costs reads from disk.',
    code: {
      file: 'stages/1-monolith-mongodb/src/adapters/message-store.mongodb.ts',
      line: '.sort({ _id: newestFirst ? -1 : 1 })',
    },
    charts: ['read-times', 'cpu'],
  },

  control: {
    text: 'both arms have few channels, so that all of their data fits into the cache',
    load: { channels: 5 },
    failsOn: ['outgrown: cache misses'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { channels: 60, seconds: 4, warmupSeconds: 1 } },
    quick: { repeats: 2, load: { warmupSeconds: 4 } },
    full: { repeats: 3, load: { seconds: 8, warmupSeconds: 4 } },
  },
})

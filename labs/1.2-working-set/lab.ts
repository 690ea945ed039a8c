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
    fits: { stage: 'stage-1', load: readHistory(5), cacheMb: CACHE_MB },
    outgrown: { stage: 'stage-1', load: readHistory(150), cacheMb: CACHE_MB },
  },

  measure: { cacheMisses: count.cacheMisses(), errors: count.errors(), readP99: time.readP99() },

  // A failed read causes no misses. If errors were not asserted, an outage would look like data
  // that fits.
  expect: {
    fits: ({ cacheMisses, errors }) => cacheMisses.atMost(READS * 0.25).and(errors.is(0)),
    outgrown: ({ cacheMisses, errors }) => cacheMisses.atLeast(READS).and(errors.is(0)),
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

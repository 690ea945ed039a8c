import { busyGuilds, count, defineLab, time } from '@threshold/lab-kit'

/**
 * The same people read the same number of pages, anywhere in what was ever said. Only how much that
 * is differs. About a thousand messages a channel, as the stand-in's page read costs by the size of
 * a channel, which MongoDB's does not.
 */
const scrolling = (channels: number) =>
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

/** Megabytes: small enough to be outgrown in seconds, as 2015's RAM was outgrown in months. */
const CACHE = 16
/** At 10 reads a second for eight seconds. */
const READS = 80

export default defineLab({
  id: '1.2',
  title: 'Working set',
  question: 'What happens when data and index outgrow the cache?',
  hypothesis:
    'While all that is read fits, a page of history costs the engine nothing but memory. Once it does not, each page costs reads from disk, and that grows with what was ever said, not with what is said today.',
  minutes: { quick: 1, full: 2 },
  memory: '1 GB',

  load: scrolling(5),
  arms: {
    fits: { stage: 'stage-1', load: scrolling(5), cacheMb: CACHE },
    outgrown: { stage: 'stage-1', load: scrolling(150), cacheMb: CACHE },
  },

  measure: { cacheMisses: count.cacheMisses(), errors: count.errors(), readP99: time.readP99() },

  // A page that nobody got costs no misses: without the errors beside it, an outage would look like
  // a cache that fits.
  expect: {
    fits: ({ cacheMisses, errors }) => cacheMisses.atMost(READS * 0.25).and(errors.is(0)),
    outgrown: ({ cacheMisses, errors }) => cacheMisses.atLeast(READS).and(errors.is(0)),
  },

  control: {
    text: 'nothing was ever said in most of the channels: there is no more to read than fits',
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

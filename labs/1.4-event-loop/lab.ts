import { busyGuilds, defineLab, time } from '@threshold/lab-kit'

/** Ten small guilds beside a huge one in which twenty members send at once, at this mean rate. */
const withHugeGuild = (messagesPerSecond: number) =>
  busyGuilds({
    guilds: 10,
    online: 5,
    messagesPerSecond: 20,
    huge: { online: 500, messagesPerSecond, burst: 20 },
    seconds: 8,
    // Seed 14 would put only 3 bursts into the tiny run, where 8 are expected.
    seed: 27,
  })

export default defineLab({
  id: '1.4',
  title: 'Event loop',
  question: 'What does one huge guild do to the others?',
  hypothesis:
    'All guilds share one event loop. While it writes one message to five hundred sockets, it serves no other guild. The small guilds wait, although their own load did not change.',
  minutes: { quick: 2, full: 3 },
  memory: '2 GB',

  load: withHugeGuild(0),
  arms: {
    // The huge guild is online and sends nothing.
    silent: { stage: 'stage-1', load: withHugeGuild(0) },
    talking: { stage: 'stage-1', load: withHugeGuild(40) },
  },

  measure: {
    smallGuilds: time.deliveryP90('small guilds'),
    smallGuildsMedian: time.deliveryP50('small guilds'),
    smallGuildsWorst: time.deliveryP99('small guilds'),
    eventLoopGap: time.eventLoopGap(),
  },

  expect: {},
  // The ratio of two figures from one run does not depend on the machine's speed. It uses the p90,
  // since a burst ends before the next one. The p99 would rest on a handful of messages, which
  // another program on the machine can delay.
  expectAcross: ({ silent, talking }) => talking.smallGuilds.over(silent.smallGuilds).atLeast(4),

  control: {
    text: 'the huge guild is as small as the others, and its members send one message at a time',
    load: { online: 5, burst: 1 },
    failsOn: ['across arms: talking small guilds over silent small guilds'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 4, warmupSeconds: 2 } },
    quick: { repeats: 2 },
    full: { repeats: 3, load: { seconds: 20, warmupSeconds: 3 } },
  },
})

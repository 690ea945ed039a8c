import { busyGuilds, defineLab, time } from '@threshold/lab-kit'

/**
 * Small guilds as in every lab, beside a huge one where twenty answer at once; how often they do is
 * what the arms differ in.
 */
const beside = (messagesPerSecond: number) =>
  busyGuilds({
    guilds: 10,
    online: 5,
    messagesPerSecond: 20,
    huge: { online: 500, messagesPerSecond, burst: 20 },
    seconds: 8,
    seed: 14,
  })

export default defineLab({
  id: '1.4',
  title: 'Event loop',
  question: 'What does one huge guild do to the others?',
  hypothesis:
    'All guilds share one event loop. While it writes one message to five hundred sockets, nobody else is served: the small guilds wait, though nothing happened in them.',
  minutes: { quick: 2, full: 3 },
  memory: '2 GB',

  load: beside(0),
  arms: {
    // The huge guild is there, and silent.
    silent: { stage: 'stage-1', load: beside(0) },
    talking: { stage: 'stage-1', load: beside(40) },
  },

  measure: {
    smallGuilds: time.deliveryP90('small guilds'),
    smallGuildsMedian: time.deliveryP50('small guilds'),
    smallGuildsWorst: time.deliveryP99('small guilds'),
    eventLoopGap: time.eventLoopGap(),
  },

  expect: {},
  // A ratio from one run: how fast the machine is does not matter. Of the slowest tenth, since a
  // burst is over before the next one comes; a p99 would be a handful of messages, and a neighbour
  // on the same machine can make it.
  expectAcross: ({ silent, talking }) => talking.smallGuilds.over(silent.smallGuilds).atLeast(4),

  control: {
    text: 'the huge guild stays as small as the others, and its people talk one at a time',
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

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
    silent: { title: 'The huge guild is silent', stage: 'stage-1', load: withHugeGuild(0) },
    talking: {
      title: 'The huge guild talks',
      stage: 'stage-1',
      breaks: true,
      load: withHugeGuild(40),
    },
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

  predict: [
    {
      text: 'A huge guild begins to talk. How many times as long do the slowest tenth of the small guilds’ deliveries take (p90 over p90)?',
      answer: ({ silent, talking }) => talking.smallGuilds.over(silent.smallGuilds),
      range: [0.1, 1_000],
      wrongAnswers: [
        {
          answer: [0.1, 1.2],
          reveals:
            'You expect guilds not to affect each other. They share one event loop, which serves one piece of work at a time.',
        },
        {
          answer: [1.21, 3],
          reveals:
            'You expect each guild to get its share of the processor. There are no shares: a message that arrives during a burst waits until the whole burst is written.',
        },
        {
          answer: [200, 1_000],
          reveals:
            'You expect a queue that grows without end. Each burst ends before the next one begins, so a message waits for one burst at most.',
        },
      ],
    },
    {
      text: 'And the median (p50 over p50)?',
      answer: ({ silent, talking }) => talking.smallGuildsMedian.over(silent.smallGuildsMedian),
      range: [0.1, 1_000],
      wrongAnswers: [
        {
          answer: [10, 1_000],
          reveals:
            'You expect every message to wait. Bursts leave gaps, and a message that arrives in a gap is served at once.',
        },
      ],
    },
  ],
  hints: [
    'A burst of twenty messages to five hundred sockets is ten thousand socket writes. How long does one core need for them?',
    'At some 20 µs a write, ten thousand writes take about 200 ms. Nothing else runs in between.',
    'Two bursts per second keep the loop busy for a good part of every second. The p90 sees messages that arrived during a burst; the median mostly does not.',
  ],
  report: {
    sentence: ({ silent, talking }) =>
      `While one huge guild talked, the slowest tenth of the small guilds’ deliveries took ${talking.smallGuilds.over(silent.smallGuilds)} as long: ${talking.smallGuilds} instead of ${silent.smallGuilds} (p90).`,
    figures: ['small guilds', 'talking small guilds over silent small guilds'],
    why: 'One event loop runs one callback at a time. A burst of twenty messages to five hundred sockets is ten thousand writes that run to their end. A message of a small guild that arrives meanwhile waits for all of them. A second core does not help, since the loop uses one.',
    code: {
      file: 'stages/1-monolith-mongodb/src/gateway/transport.batched.ts',
      line: 'for (const transport of transports) transport.flush()',
    },
    charts: ['delivery-times', 'cpu'],
  },

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

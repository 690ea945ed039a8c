import { at, busyGuilds, count, defineLab, pause, share } from '@threshold/lab-kit'

export default defineLab({
  id: '1.1',
  title: 'Baseline',
  question: "How far does a monolith carry you, and does it stand ten times today's load?",
  hypothesis:
    "One process with one database handles ten times today's load. If you split it now, you pay for a problem that you do not have.",
  minutes: { quick: 1, full: 10 },
  memory: '1 GB',

  // Today is a busy community with fifty users online. Two messages per second are 170,000 per day.
  // All of Discord had 120 million per day in 2017, with reads and writes near 50/50 (How Discord
  // Stores Billions of Messages).
  load: busyGuilds({
    guilds: 1,
    online: 50,
    messagesPerSecond: 2,
    readsPerSecond: 2,
    seconds: 5,
    seed: 11,
  }),
  arms: {
    today: { stage: 'stage-1', times: 1 },
    fivefold: { stage: 'stage-1', times: 5 },
    tenfold: { stage: 'stage-1', times: 10 },
    // These arms have no expectation. They show at which load the monolith fails.
    thirtyfold: { stage: 'stage-1', times: 30 },
    hundredfold: { stage: 'stage-1', times: 100 },
  },

  measure: {
    lost: count.lost(),
    duplicated: count.duplicated(),
    outOfOrder: count.outOfOrder(),
    errors: count.errors(),
    late: share.late(),
  },

  expect: {
    today: ({ lost, duplicated, outOfOrder, errors, late }) =>
      lost
        .is(0)
        .and(duplicated.is(0))
        .and(outOfOrder.is(0))
        .and(errors.is(0))
        .and(late.atMost(0.01)),
    tenfold: ({ lost, duplicated, outOfOrder, errors, late }) =>
      lost
        .is(0)
        .and(duplicated.is(0))
        .and(outOfOrder.is(0))
        .and(errors.is(0))
        .and(late.atMost(0.01)),
  },

  control: {
    text: 'the monolith hangs half a second into the load and answers no more requests',
    fault: at({ second: 0.5 }, pause('stage')),
    load: { timeoutSeconds: 1 },
    failsOn: ['today: errors', 'tenfold: errors'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: {
      arms: ['today', 'tenfold'],
      repeats: 1,
      load: { online: 5, seconds: 2, warmupSeconds: 0.5 },
    },
    quick: { arms: ['today', 'fivefold', 'tenfold'], repeats: 2, load: { warmupSeconds: 0.5 } },
    full: { repeats: 3, load: { seconds: 30, warmupSeconds: 3 } },
  },
})

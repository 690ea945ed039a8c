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
    today: { title: "Today's load", stage: 'stage-1', times: 1 },
    fivefold: { title: 'Five times the load', stage: 'stage-1', times: 5 },
    tenfold: { title: 'Ten times the load', stage: 'stage-1', times: 10 },
    // These arms have no expectation. They show at which load the monolith fails.
    thirtyfold: { title: 'Thirty times the load', stage: 'stage-1', times: 30 },
    hundredfold: { title: 'A hundred times the load', stage: 'stage-1', times: 100 },
  },

  measure: {
    delivered: count.delivered(),
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

  predict: [
    {
      text: 'At ten times the load, what share of the deliveries arrives more than 200 ms after the send was acknowledged?',
      answer: ({ tenfold }) => tenfold.late,
      range: [0, 1],
      wrongAnswers: [
        {
          answer: [0.02, 0.2],
          reveals:
            'You expect the process to be near its limit. A thousand deliveries per second are a fraction of one core, because an event is encoded once for all its sockets.',
        },
        {
          answer: [0.2, 1],
          reveals:
            'You expect queues to grow without end. That happens only when the process needs more than one core, and the CPU chart shows that it does not.',
        },
      ],
    },
    {
      text: 'How many sends and reads fail at ten times the load?',
      answer: ({ tenfold }) => tenfold.errors,
      range: [0, 500],
      wrongAnswers: [
        {
          answer: [1, 500],
          reveals:
            'You expect requests to time out first. A database that answers twenty inserts and twenty reads per second is nearly idle.',
        },
      ],
    },
  ],
  hints: [
    'One message to fifty sockets is one insert into the database and fifty socket writes. Count both per second at ten times the load.',
    'A Node process can write to a socket some tens of thousands of times per second on one core.',
    'Ten times the load is twenty inserts and a thousand socket writes per second: a few percent of one core. What would then be late?',
  ],
  report: {
    sentence: ({ tenfold }) =>
      `At ten times today's load, ${tenfold.delivered} deliveries arrived: ${tenfold.lost} were lost, ${tenfold.late} came late, and ${tenfold.errors} sends and reads failed.`,
    figures: ['delivered', 'lost', 'late'],
    why: 'A message costs one small insert and one socket write for each member online. The process encodes the event once and hands the same bytes to every socket, so a thousand deliveries per second need a fraction of one core. A split would add a network hop to each and remove no work.',
    code: {
      file: 'stages/1-monolith-mongodb/src/gateway/transport.batched.ts',
      line: 'this.#write(event.sharedFrame(sequence))',
    },
    charts: ['failures', 'deliveries', 'cpu'],
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

import { busyGuilds, count, defineLab, reported, withProbeGuild } from '@threshold/lab-kit'
import { migrateLive, migrateOffline, REPORTED } from './migrate.ts'

/** Channels of the probe writer. */
const CHANNELS = 10
/** Messages start on MongoDB, where stage 1 stored them. */
const env = { THRESHOLD_MESSAGES_ON: 'mongodb' }

export default defineLab({
  id: '2.6',
  title: 'Move house',
  question: 'MongoDB to Cassandra under load: what was lost, how long was it down?',
  hypothesis:
    'Nothing was lost, and it was never down. The stage writes to both stores, the history is copied with its original write times, differences are repaired, and only then does the stage read from the new store. This also holds if the migrator is killed twice. An offline migration is down for as long as the copy takes.',
  minutes: { quick: 3, full: 5 },
  memory: '2 GB',

  load: withProbeGuild(
    busyGuilds({
      guilds: 4,
      online: 5,
      channels: 1,
      messagesPerSecond: 10,
      readsPerSecond: 4,
      history: { messages: 1_000, days: 200, characters: 100 },
      seconds: 60,
      seed: 26,
      reconnect: true,
    }),
    CHANNELS,
  ),
  arms: {
    offline: {
      title: 'Offline migration',
      stage: 'stage-2',
      breaks: true,
      env,
      intervention: migrateOffline,
    },
    live: { title: 'Live migration', stage: 'stage-2', env, intervention: migrateLive },
  },

  measure: {
    lost: count.lost(),
    duplicated: count.duplicated(),
    outOfOrder: count.outOfOrder(),
    secondsOfFailures: count.secondsWithErrors(),
    completed: reported(REPORTED.completed, 'count', REPORTED.completed),
    written: reported(REPORTED.written, 'count', REPORTED.written),
    missing: reported(REPORTED.missing, 'count', REPORTED.missing),
    shownTwice: reported(REPORTED.shownTwice, 'count', REPORTED.shownTwice),
    shownOutOfOrder: reported(REPORTED.shownOutOfOrder, 'count', REPORTED.shownOutOfOrder),
    kills: reported(REPORTED.kills, 'count', REPORTED.kills),
    messages: reported(REPORTED.messages, 'count', REPORTED.messages),
    different: reported(
      REPORTED.different,
      'count',
      `${REPORTED.different}, the last three seconds excluded`,
    ),
    tookSeconds: reported(REPORTED.seconds, 's', REPORTED.seconds),
    migrationSecondsAfterLoad: reported(
      REPORTED.secondsAfterLoad,
      's',
      `${REPORTED.secondsAfterLoad}; the load measured nothing then`,
    ),
  },

  expect: {
    offline: ({ secondsOfFailures, completed, missing, different }) =>
      secondsOfFailures.atLeast(2).and(completed.is(1)).and(missing.is(0)).and(different.is(0)),
    // Three checks: deliveries at the sockets, pages after the migration, and both stores.
    live: (live) =>
      live.lost
        .is(0)
        .and(live.duplicated.is(0))
        .and(live.outOfOrder.is(0))
        .and(live.secondsOfFailures.is(0))
        .and(live.kills.is(2))
        .and(live.completed.is(1))
        .and(live.written.atLeast(100))
        .and(live.missing.is(0))
        .and(live.shownTwice.is(0))
        .and(live.shownOutOfOrder.is(0))
        .and(live.messages.atLeast(4_000))
        .and(live.different.is(0))
        .and(live.migrationSecondsAfterLoad.is(0)),
  },

  predict: [
    {
      text: 'The offline migration stops the stage, copies, and starts it again. In how many seconds does a send or a read fail?',
      answer: ({ offline }) => offline.secondsOfFailures,
      range: [0, 60],
      wrongAnswers: [
        {
          answer: [0, 1],
          reveals:
            'You expect a small copy to go unnoticed. The stage also has to stop, and to start and connect again.',
        },
        {
          answer: [40, 60],
          reveals:
            'You expect minutes of copying. Four thousand messages take seconds; with a real history the copy is the part that grows.',
        },
      ],
    },
    {
      text: 'The live migration runs under load, and its migrator is killed twice. In how many seconds does a send or a read fail?',
      answer: ({ live }) => live.secondsOfFailures,
      range: [0, 60],
      wrongAnswers: [
        {
          answer: [1, 60],
          reveals:
            'You expect the change-over to interrupt service. The stage writes to both stores before it reads from the new one, so each step is a change of roles.',
        },
      ],
    },
    {
      text: 'How many messages differ between the two stores after the live migration?',
      answer: ({ live }) => live.different,
      range: [0, 5_000],
      wrongAnswers: [
        {
          answer: [1, 5_000],
          reveals:
            'You expect kills or late copies to leave traces. A copy carries the original write time and cannot overwrite newer data, so repeating it is harmless.',
        },
      ],
    },
  ],
  hints: [
    'Offline: four thousand messages are copied in seconds. What else takes time between the stop of a stage and its first answer? Live: which store must get the messages that users write meanwhile?',
    'A copy can arrive after an edit of the same message. What could the copy carry so that the edit wins?',
    'Checkpoints say which ranges are done. A range that was interrupted is copied again, with the original write times, so a kill costs time and nothing else.',
  ],
  report: {
    sentence: ({ offline, live }) =>
      `The offline migration failed requests in ${offline.secondsOfFailures} seconds; the live one in ${live.secondsOfFailures}, with its migrator killed ${live.kills} times, ${live.lost} deliveries lost and ${live.different} messages different.`,
    figures: ['seconds of failures', 'lost', 'different'],
    why: 'The stage writes to both stores while the history is copied. Each copy carries its original write time, and the later of two writes wins, so the order of arrival does not matter and a range may be copied twice. The stage reads from the new store only after both were compared.',
    code: {
      file: 'stages/migration/src/transitions.ts',
      line: "'dual-write': { primary: 'source', replica: 'target' },",
    },
    charts: ['seconds', 'failures'],
  },

  control: {
    text: 'both arms stop the stage for the migration',
    interventions: { live: migrateOffline },
    failsOn: ['live: seconds of failures'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 40, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 120, warmupSeconds: 3 } },
  },
})

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
    offline: { stage: 'stage-2', env, intervention: migrateOffline },
    live: { stage: 'stage-2', env, intervention: migrateLive },
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

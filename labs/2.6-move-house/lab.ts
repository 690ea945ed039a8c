import { busyGuilds, count, defineLab, reported, withProbeGuild } from '@threshold/lab-kit'
import { migrateLive, migrateOffline, REPORTED } from './migrate.ts'

/** Of somebody who keeps account. */
const CHANNELS = 10
/** Messages begin on MongoDB, where stage 1 left them. */
const env = { THRESHOLD_MESSAGES_ON: 'mongodb' }

export default defineLab({
  id: '2.6',
  title: 'Move house',
  question: 'MongoDB to Cassandra under load: what was lost, how long was it down?',
  hypothesis:
    'Nothing and not for a second: while both stores are written, the past is copied with the times at which it was written, whatever differs is repaired, and only then is the other store believed. Also when the migrator is killed twice on the way. Behind closed doors it takes as long as the copy does.',
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
    moved: reported(REPORTED.moved, 'count', REPORTED.moved),
    written: reported(REPORTED.written, 'count', REPORTED.written),
    missing: reported(REPORTED.missing, 'count', REPORTED.missing),
    shownTwice: reported(REPORTED.shownTwice, 'count', REPORTED.shownTwice),
    shownOutOfOrder: reported(REPORTED.shownOutOfOrder, 'count', REPORTED.shownOutOfOrder),
    kills: reported(REPORTED.kills, 'count', REPORTED.kills),
    messages: reported(REPORTED.messages, 'count', REPORTED.messages),
    different: reported(
      REPORTED.different,
      'count',
      `${REPORTED.different}, of all but the last three seconds`,
    ),
    tookSeconds: reported(REPORTED.seconds, 's', REPORTED.seconds),
    movedBeyondTheLoad: reported(
      REPORTED.beyond,
      's',
      `${REPORTED.beyond}: nothing was measured in them`,
    ),
  },

  expect: {
    offline: ({ secondsOfFailures, moved, missing, different }) =>
      secondsOfFailures.atLeast(2).and(moved.is(1)).and(missing.is(0)).and(different.is(0)),
    // Of what sockets got, of what pages show afterwards, and of what the stores themselves hold.
    live: (live) =>
      live.lost
        .is(0)
        .and(live.duplicated.is(0))
        .and(live.outOfOrder.is(0))
        .and(live.secondsOfFailures.is(0))
        .and(live.kills.is(2))
        .and(live.moved.is(1))
        .and(live.written.atLeast(100))
        .and(live.missing.is(0))
        .and(live.shownTwice.is(0))
        .and(live.shownOutOfOrder.is(0))
        .and(live.messages.atLeast(4_000))
        .and(live.different.is(0))
        .and(live.movedBeyondTheLoad.is(0)),
  },

  control: {
    text: 'the chat is closed for the move in both',
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

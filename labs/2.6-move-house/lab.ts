import { busyGuilds, count, defineLab, told, withWriter } from '@threshold/lab-kit'
import { behindClosedDoors, TOLD, whilePeopleTalk } from './move.ts'

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

  load: withWriter(
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
    closed: { stage: 'stage-2', env, deed: behindClosedDoors },
    live: { stage: 'stage-2', env, deed: whilePeopleTalk },
  },

  measure: {
    lost: count.lost(),
    doubled: count.doubled(),
    outOfOrder: count.outOfOrder(),
    secondsOfFailures: count.secondsWithErrors(),
    moved: told(TOLD.moved, 'count', TOLD.moved),
    written: told(TOLD.written, 'count', TOLD.written),
    missing: told(TOLD.missing, 'count', TOLD.missing),
    shownTwice: told(TOLD.shownTwice, 'count', TOLD.shownTwice),
    shownOutOfOrder: told(TOLD.shownOutOfOrder, 'count', TOLD.shownOutOfOrder),
    kills: told(TOLD.kills, 'count', TOLD.kills),
    messages: told(TOLD.messages, 'count', TOLD.messages),
    different: told(
      TOLD.different,
      'count',
      `${TOLD.different}, of all but the last three seconds`,
    ),
    tookSeconds: told(TOLD.seconds, 's', TOLD.seconds),
    movedBeyondTheLoad: told(TOLD.beyond, 's', `${TOLD.beyond}: nothing was measured in them`),
  },

  claim: {
    closed: ({ secondsOfFailures, moved, missing, different }) =>
      secondsOfFailures.atLeast(2).and(moved.is(1)).and(missing.is(0)).and(different.is(0)),
    // Of what sockets got, of what pages show afterwards, and of what the stores themselves hold.
    live: (live) =>
      live.lost
        .is(0)
        .and(live.doubled.is(0))
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

  twin: {
    text: 'the chat is closed for the move in both',
    deeds: { live: behindClosedDoors },
    refutedBy: ['live: seconds of failures'],
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 40, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 120, warmupSeconds: 3 } },
  },
})

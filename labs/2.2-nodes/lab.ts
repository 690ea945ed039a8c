import { busyGuilds, count, defineLab, told, withWriter } from '@threshold/lab-kit'
import { oneOfThree, TOLD, theOnlyServer } from './lose.ts'

/**
 * Each is a partition. With so many, each of three nodes has some that are its alone; with one,
 * which node is killed would be luck.
 */
const CHANNELS = 60

const talk = (seconds: number) =>
  withWriter(
    busyGuilds({
      guilds: 2,
      online: 5,
      messagesPerSecond: 5,
      readsPerSecond: 2,
      seconds,
      seed: 22,
      reconnect: true,
    }),
    CHANNELS,
  )

export default defineLab({
  id: '2.2',
  title: 'Add nodes, lose nodes',
  question:
    'From one node to three under traffic, and one of them killed: what is lost, and who notices?',
  hypothesis:
    'With one server no acknowledged write is lost, and nobody can write while it is away. With three nodes and three copies nothing acknowledged is lost either, all of it can be read meanwhile, and most people do not notice: a quorum of two is left.',
  minutes: { quick: 6, full: 8 },
  memory: '5 GB',

  load: talk(60),
  arms: {
    // With a cache of its own it is a server of this lab's own, which it may kill.
    oneServer: { stage: 'stage-1', load: talk(60), cacheMb: 256, deed: theOnlyServer },
    threeNodes: { stage: 'stage-2', load: talk(240), cassandra: { nodes: 1 }, deed: oneOfThree(3) },
  },

  measure: {
    written: told(TOLD.written, 'count', TOLD.written),
    unreadableOnceJoined: told(TOLD.unreadableJoined, 'count', TOLD.unreadableJoined),
    missing: told(TOLD.missing, 'count', TOLD.missing),
    unreadableWhileAway: told(TOLD.unreadable, 'count', TOLD.unreadable),
    failedWhileAway: told(TOLD.failed, 'share', TOLD.failed),
    nodes: told(TOLD.nodes, 'count', TOLD.nodes),
    ringAtOneCopy: told(
      TOLD.ownedBefore,
      'share',
      `${TOLD.ownedBefore}, once the nodes have joined: by its tokens, what it is to have`,
    ),
    ring: told(
      TOLD.owned,
      'share',
      `${TOLD.owned}, copies included: by its tokens, what it is to have`,
    ),
    onDiskAtOneCopy: told(
      TOLD.heldBefore,
      'share',
      `${TOLD.heldBefore}, once the nodes have joined`,
    ),
    onDisk: told(
      TOLD.held,
      'share',
      `${TOLD.held}: half of the channels were not written in since there was one copy`,
    ),
    untilSeenDead: told(TOLD.untilSeen, 's', TOLD.untilSeen),
    lost: count.lost(),
    beyondTheLoad: count.beyondTheLoad(),
  },

  claim: {
    oneServer: ({ written, missing, failedWhileAway }) =>
      written.atLeast(20).and(missing.is(0)).and(failedWhileAway.atLeast(0.8)),
    threeNodes: ({
      written,
      unreadableOnceJoined,
      missing,
      unreadableWhileAway,
      failedWhileAway,
      nodes,
      ring,
      onDisk,
    }) =>
      written
        .atLeast(100)
        .and(unreadableOnceJoined.is(0))
        .and(missing.is(0))
        .and(unreadableWhileAway.is(0))
        .and(failedWhileAway.atMost(0.2))
        .and(nodes.is(3))
        .and(ring.atLeast(0.999))
        .and(onDisk.atLeast(0.95)),
  },

  twin: {
    text: 'three nodes, and one copy of everything',
    deeds: { threeNodes: oneOfThree(1) },
    refutedBy: ['threeNodes: unreadable while away'],
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { warmupSeconds: 3 } },
  },
})

import { busyGuilds, count, defineLab, reported, withProbeGuild } from '@threshold/lab-kit'
import { killOneOfThree, killOnlyServer, REPORTED } from './node-loss.ts'

/**
 * Each is a partition. With so many, each of three nodes has some that are its alone; with one,
 * which node is killed would be luck.
 */
const CHANNELS = 60

const talk = (seconds: number) =>
  withProbeGuild(
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
    oneServer: { stage: 'stage-1', load: talk(60), cacheMb: 256, intervention: killOnlyServer },
    threeNodes: {
      stage: 'stage-2',
      load: talk(240),
      cassandra: { nodes: 1 },
      intervention: killOneOfThree(3),
    },
  },

  measure: {
    written: reported(REPORTED.written, 'count', REPORTED.written),
    unreadableOnceJoined: reported(REPORTED.unreadableJoined, 'count', REPORTED.unreadableJoined),
    missing: reported(REPORTED.missing, 'count', REPORTED.missing),
    unreadableWhileAway: reported(REPORTED.unreadable, 'count', REPORTED.unreadable),
    failedWhileAway: reported(REPORTED.failed, 'share', REPORTED.failed),
    nodes: reported(REPORTED.nodes, 'count', REPORTED.nodes),
    ringAtOneCopy: reported(
      REPORTED.ownedBefore,
      'share',
      `${REPORTED.ownedBefore}, once the nodes have joined: by its tokens, what it is to have`,
    ),
    ring: reported(
      REPORTED.owned,
      'share',
      `${REPORTED.owned}, copies included: by its tokens, what it is to have`,
    ),
    onDiskAtOneCopy: reported(
      REPORTED.heldBefore,
      'share',
      `${REPORTED.heldBefore}, once the nodes have joined`,
    ),
    onDisk: reported(
      REPORTED.held,
      'share',
      `${REPORTED.held}: half of the channels were not written in since there was one copy`,
    ),
    untilSeenDead: reported(REPORTED.untilSeen, 's', REPORTED.untilSeen),
    lost: count.lost(),
    beyondTheLoad: count.secondsAfterLoad(),
  },

  expect: {
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

  control: {
    text: 'three nodes, and one copy of everything',
    interventions: { threeNodes: killOneOfThree(1) },
    failsOn: ['threeNodes: unreadable while away'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { warmupSeconds: 3 } },
  },
})

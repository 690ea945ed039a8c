import { busyGuilds, count, defineLab, reported, withProbeGuild } from '@threshold/lab-kit'
import { killOneOfThree, killOnlyServer, REPORTED } from './node-loss.ts'

/**
 * Each channel is a partition, and each of three nodes owns some of sixty. Whether a node owns a
 * single channel would be chance.
 */
const CHANNELS = 60

const loadOf = (seconds: number) =>
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
    'With one server, no acknowledged write is lost, but no client can write while it is down. With three nodes and three copies, no acknowledged write is lost either, all of them can be read meanwhile, and most clients notice nothing, since a quorum of two remains.',
  minutes: { quick: 6, full: 8 },
  memory: '5 GB',

  load: loadOf(60),
  arms: {
    // The cache size makes the lab start a server of its own, which it may kill.
    oneServer: { stage: 'stage-1', load: loadOf(60), cacheMb: 256, intervention: killOnlyServer },
    threeNodes: {
      stage: 'stage-2',
      load: loadOf(240),
      cassandra: { nodes: 1 },
      intervention: killOneOfThree(3),
    },
  },

  measure: {
    written: reported(REPORTED.written, 'count', REPORTED.written),
    unreadableAfterJoin: reported(
      REPORTED.unreadableAfterJoin,
      'count',
      REPORTED.unreadableAfterJoin,
    ),
    missing: reported(REPORTED.missing, 'count', REPORTED.missing),
    unreadableWhileDown: reported(
      REPORTED.unreadableWhileDown,
      'count',
      REPORTED.unreadableWhileDown,
    ),
    failedWhileDown: reported(REPORTED.failedWhileDown, 'share', REPORTED.failedWhileDown),
    nodes: reported(REPORTED.nodes, 'count', REPORTED.nodes),
    ringShareAtOneCopy: reported(
      REPORTED.ringShareAtOneCopy,
      'share',
      `${REPORTED.ringShareAtOneCopy}, by its tokens after the nodes have joined`,
    ),
    ringShare: reported(
      REPORTED.ringShare,
      'share',
      `${REPORTED.ringShare}, by its tokens, copies included`,
    ),
    diskShareAtOneCopy: reported(
      REPORTED.diskShareAtOneCopy,
      'share',
      `${REPORTED.diskShareAtOneCopy}, after the nodes have joined`,
    ),
    diskShare: reported(
      REPORTED.diskShare,
      'share',
      `${REPORTED.diskShare}; half of the channels were not written to after the joins`,
    ),
    secondsUntilSeenDown: reported(
      REPORTED.secondsUntilSeenDown,
      's',
      REPORTED.secondsUntilSeenDown,
    ),
    lost: count.lost(),
    secondsAfterLoad: count.secondsAfterLoad(),
  },

  expect: {
    oneServer: ({ written, missing, failedWhileDown }) =>
      written.atLeast(20).and(missing.is(0)).and(failedWhileDown.atLeast(0.8)),
    threeNodes: (three) =>
      three.written
        .atLeast(100)
        .and(three.unreadableAfterJoin.is(0))
        .and(three.missing.is(0))
        .and(three.unreadableWhileDown.is(0))
        .and(three.failedWhileDown.atMost(0.2))
        .and(three.nodes.is(3))
        .and(three.ringShare.atLeast(0.999))
        .and(three.diskShare.atLeast(0.95)),
  },

  control: {
    text: 'the three nodes keep one copy of everything',
    interventions: { threeNodes: killOneOfThree(1) },
    failsOn: ['threeNodes: unreadable while down'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { warmupSeconds: 3 } },
  },
})

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
    oneServer: {
      title: 'One server, killed',
      stage: 'stage-1',
      breaks: true,
      load: loadOf(60),
      cacheMb: 256,
      intervention: killOnlyServer,
    },
    threeNodes: {
      title: 'One of three nodes, killed',
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

  predict: [
    {
      text: 'The only server is down. What share of the sends fails meanwhile?',
      answer: ({ oneServer }) => oneServer.failedWhileDown,
      range: [0, 1],
      wrongAnswers: [
        {
          answer: [0, 0.5],
          reveals:
            'You expect the stage to buffer sends. It acknowledges a message only when the database has it, so that nothing acknowledged can be lost.',
        },
        {
          answer: [0.51, 0.79],
          reveals:
            'You expect clients to succeed by trying again. Each try reaches the same server, which is down.',
        },
      ],
    },
    {
      text: 'One of three nodes with three copies is down. What share of the sends fails meanwhile?',
      answer: ({ threeNodes }) => threeNodes.failedWhileDown,
      range: [0, 1],
      wrongAnswers: [
        {
          answer: [0.25, 0.45],
          reveals:
            'You expect a third of the data to be away, as with shards. With three copies, two replicas of every row remain, and two are a quorum.',
        },
        {
          answer: [0.46, 1],
          reveals:
            'You expect the cluster to stop until the node is seen down. A coordinator needs answers from two of three replicas and does not wait for the third.',
        },
      ],
    },
    {
      text: 'How many acknowledged messages are missing at the end, after one of the three nodes was killed?',
      answer: ({ threeNodes }) => threeNodes.missing,
      range: [0, 5_000],
      wrongAnswers: [
        {
          answer: [1, 5_000],
          reveals:
            'You expect a killed process to lose what it had acknowledged. Both engines write to a log on disk before they acknowledge.',
        },
      ],
    },
  ],
  hints: [
    'Separate two questions: does the data still exist, and can a machine that lives answer for it now?',
    'LOCAL_QUORUM of three copies is two. Count the replicas that remain.',
    'One server has durability and no availability. Three nodes with three copies have both, as long as two of them live.',
  ],
  report: {
    sentence: ({ oneServer, threeNodes }) =>
      `With its only server down, ${oneServer.failedWhileDown} of the sends failed; with one of three nodes down, ${threeNodes.failedWhileDown}. Acknowledged messages missing at the end: ${oneServer.missing} and ${threeNodes.missing}.`,
    figures: ['failed while down', 'missing', 'unreadable while down'],
    why: 'Both engines write to a log on disk before they acknowledge, so a killed process loses nothing. Availability needs a second machine that has the data and may answer for it. LOCAL_QUORUM reads and writes two of three copies, so two living nodes answer every request, and they need not wait for the third.',
    code: {
      file: 'stages/2-cassandra/src/cassandra/consistency.ts',
      line: 'consistency: types.consistencies.localQuorum,',
    },
    charts: ['seconds', 'send-times'],
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

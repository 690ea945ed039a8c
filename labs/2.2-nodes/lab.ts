import { busyGuilds, count, defineLab, told } from '@threshold/lab-kit'
import { oneOfThree, TOLD, theOnlyServer } from './lose.ts'

const talk = (seconds: number) =>
  busyGuilds({ guilds: 2, online: 5, messagesPerSecond: 5, readsPerSecond: 2, seconds, seed: 22, reconnect: true })

export default defineLab({
  id: '2.2',
  title: 'Add nodes, lose nodes',
  question: 'From one node to three under traffic, and one of them killed: what is lost, and who notices?',
  hypothesis:
    'With one server no acknowledged write is lost, and nobody can write while it is away. With three nodes and three copies nothing acknowledged is lost either, and most people do not notice: a quorum of two is left.',
  minutes: { quick: 6, full: 8 },
  memory: '5 GB',

  load: talk(60),
  arms: {
    // 64 MB of cache: a server of this lab's own, which it may kill.
    oneServer: { stage: 'stage-1', load: talk(45), cacheMb: 64, deed: theOnlyServer },
    threeNodes: { stage: 'stage-2', load: talk(240), cassandra: { nodes: 1 }, deed: oneOfThree(3) },
  },

  measure: {
    written: told(TOLD.written, 'count', TOLD.written),
    missing: told(TOLD.missing, 'count', TOLD.missing),
    failedWhileAway: told(TOLD.failed, 'share', TOLD.failed),
    nodes: told(TOLD.nodes, 'count', TOLD.nodes),
    leastOwned: told(TOLD.leastOwned, 'share', `${TOLD.leastOwned}, once the nodes have joined`),
    copies: told(TOLD.copies, 'share', TOLD.copies),
    untilSeenDead: told(TOLD.untilSeen, 's', TOLD.untilSeen),
    lost: count.lost(),
    beyondTheLoad: count.beyondTheLoad(),
  },

  claim: {
    oneServer: ({ written, missing, failedWhileAway }) => written.atLeast(20).and(missing.is(0)).and(failedWhileAway.atLeast(0.8)),
    threeNodes: ({ written, missing, failedWhileAway, nodes, copies }) =>
      written.atLeast(100).and(missing.is(0)).and(failedWhileAway.atMost(0.2)).and(nodes.is(3)).and(copies.atLeast(0.999)),
  },

  twin: {
    text: 'three nodes, and one copy of everything',
    deeds: { threeNodes: oneOfThree(1) },
    expect: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { warmupSeconds: 3 } },
  },
})

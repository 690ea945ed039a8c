import { setTimeout as delay } from 'node:timers/promises'
import type { CassandraEngine } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import {
  type Intervention,
  type ProbeWriter,
  queryKeyspace,
  startProbeWriter,
  type TrialContext,
} from '@threshold/lab-kit'
import { smallestDiskShare, smallestRingShare, statesSeenBy } from './status.ts'

export const REPORTED = {
  written: 'messages that were acknowledged',
  unreadableJoined: 'acknowledged messages that could not be read once the nodes had joined',
  missing: 'acknowledged messages that cannot be read at the end',
  unreadable: 'acknowledged messages that could not be read while a machine was away',
  failed: 'share of the sends that failed while a machine was away',
  nodes: 'nodes at the end',
  ownedBefore: 'least share of the ring that a node owns, at one copy',
  owned: 'least share of the ring that a node owns, before one is killed',
  heldBefore: 'least share of the channels that a node has on its disk, at one copy',
  held: 'least share of the channels that a node has on its disk, before one is killed',
  untilSeen: 'seconds until a living node saw the dead one',
} as const

/** How long a machine is away: longer than Cassandra takes to see it. */
const AWAY_MS = 25_000
/**
 * How long what was acknowledged is looked for: once nodes have joined, while a machine is away,
 * and at the end.
 */
const LOOK_MS = { joined: 20_000, away: 10_000, end: 30_000 }

/** The one server is killed, and comes back. */
export const killOnlyServer: Intervention = {
  text: 'MongoDB, the only server, is killed with -9, and is started again after a while',
  consumesFixture: true,
  async run(scene) {
    const { engine } = scene.mongo
    if (engine === undefined) throw engineNotOwn('MONGODB')
    await using writer = startProbeWriter(scene)
    await delay(2_000)
    const since = writer.startWindow()
    await engine.kill()
    await delay(AWAY_MS)
    const { tried, failed } = await since()
    const { missing: unreadable } = await writer.readBack(LOOK_MS.away)
    await engine.restart()
    await waitUntilSendsSucceed(writer)
    return {
      ...(await finalCounts(writer)),
      [REPORTED.nodes]: 1,
      [REPORTED.failed]: failed / tried,
      [REPORTED.unreadable]: unreadable,
    }
  },
}

/** From one node to three while people talk; then one of the three is killed, and comes back. */
export const killOneOfThree = (copies: 3 | 1): Intervention => ({
  text: `two nodes join under traffic, ${copies === 3 ? 'the keyspace is altered to three copies and repaired' : 'the keyspace keeps one copy of everything'}; one node is killed with -9, and is started again`,
  consumesFixture: true,
  async run(scene) {
    const cassandra = scene.cassandra?.engine
    if (cassandra === undefined || cassandra.nodes().length === 0) throw engineNotOwn('CASSANDRA')
    const keyspace = await queryKeyspace(scene.cassandra, async (name) => name)
    await using writer = startProbeWriter(scene)
    for (const nth of ['second', 'third']) {
      scene.log(`the ${nth} node joins, which takes about half a minute`)
      await cassandra.addNode()
    }
    // Before there are copies: what a node owns and was not given, nobody else may answer for.
    const { missing: unreadableJoined } = await writer.readBack(LOOK_MS.joined)
    const before = await measureSpread(scene, cassandra, keyspace, writer)
    writer.stopEvenChannels()
    if (copies === 3) await replicateToThree(scene, cassandra, keyspace)
    const after = await measureSpread(scene, cassandra, keyspace, writer)

    const lost = cassandra.nodes()[2]!
    scene.log('one of three nodes is killed')
    const since = writer.startWindow()
    const from = performance.now()
    await lost.kill()
    const untilSeen = await secondsUntilSeenDown(cassandra, lost.address, from)
    await delay(Math.max(0, AWAY_MS - (performance.now() - from)))
    const { tried, failed } = await since()
    const { missing: unreadable } = await writer.readBack(LOOK_MS.away)
    await lost.restart()
    await waitUntilSendsSucceed(writer)
    return {
      ...(await finalCounts(writer)),
      [REPORTED.nodes]: cassandra.nodes().length,
      [REPORTED.unreadableJoined]: unreadableJoined,
      [REPORTED.ownedBefore]: before.owned,
      [REPORTED.owned]: after.owned,
      [REPORTED.heldBefore]: before.held,
      [REPORTED.held]: after.held,
      [REPORTED.untilSeen]: untilSeen,
      [REPORTED.failed]: failed / tried,
      [REPORTED.unreadable]: unreadable,
    }
  },
})

/** What each node is to have, by its tokens, and what it has. */
async function measureSpread(
  { guilds, log: say }: TrialContext,
  engine: CassandraEngine,
  keyspace: string,
  writer: ProbeWriter,
) {
  say('what each node has')
  using _ = await writer.pause()
  const channels = guilds.flatMap((guild) => guild.channels).length
  return {
    owned: await smallestRingShare(engine, keyspace),
    held: await smallestDiskShare(engine, keyspace, channels),
  }
}

/**
 * A keyspace that is altered knows of its copies and has none yet: repair makes them, one node
 * after the other.
 */
async function replicateToThree(
  { cassandra, log: say }: TrialContext,
  engine: CassandraEngine,
  keyspace: string,
): Promise<void> {
  say('three copies of everything')
  await queryKeyspace(cassandra, (_, rows) =>
    rows(
      `ALTER KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}`,
    ),
  )
  for (const node of engine.nodes()) {
    say(`repair on ${node.address}`)
    await node.nodetool('repair', '-full', keyspace)
  }
}

const SEEN_WITHIN_MS = 90_000

async function secondsUntilSeenDown(
  engine: CassandraEngine,
  address: string,
  from: number,
): Promise<number> {
  while (performance.now() - from < SEEN_WITHIN_MS) {
    if ((await statesSeenBy(engine.nodes()[0]!)).get(address) === 'down')
      return (performance.now() - from) / 1_000
    await delay(250)
  }
  throw new CodedError(
    'NEVER_SEEN',
    `no node saw within ${SEEN_WITHIN_MS / 1_000} s that ${address} is dead`,
  )
}

/**
 * Until sends succeed again, or a while has passed: what was acknowledged is then read either way.
 */
async function waitUntilSendsSucceed(writer: ProbeWriter): Promise<void> {
  const until = Date.now() + 30_000
  let since = writer.startWindow()
  while (Date.now() < until) {
    await delay(2_000)
    const { tried, failed } = await since()
    if (tried > 0 && failed === 0) return
    since = writer.startWindow()
  }
}

async function finalCounts(writer: ProbeWriter): Promise<Record<string, number>> {
  await writer.stop()
  return {
    [REPORTED.written]: writer.acknowledged(),
    [REPORTED.missing]: (await writer.readBack(LOOK_MS.end)).missing,
  }
}

const engineNotOwn = (which: string): CodedError =>
  new CodedError(
    'ENGINE_NOT_OURS',
    'this lab kills engines and lets nodes join, and the engine is not ours to do it to',
    {
      next:
        which === 'CASSANDRA'
          ? 'unset THRESHOLD_CASSANDRA_URI; nodes join local processes alone, and containers do not'
          : 'unset THRESHOLD_MONGODB_URI',
    },
  )

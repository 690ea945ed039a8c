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
  written: 'acknowledged messages',
  unreadableAfterJoin: 'acknowledged messages that could not be read after the nodes had joined',
  missing: 'acknowledged messages that cannot be read at the end',
  unreadableWhileDown: 'acknowledged messages that could not be read while a machine was down',
  failedWhileDown: 'share of the sends that failed while a machine was down',
  nodes: 'nodes at the end',
  ringShareAtOneCopy: 'smallest share of the ring that a node owns, with one copy',
  ringShare: 'smallest share of the ring that a node owns, before one is killed',
  diskShareAtOneCopy: 'smallest share of the channels that a node has on disk, with one copy',
  diskShare: 'smallest share of the channels that a node has on disk, before one is killed',
  secondsUntilSeenDown: 'seconds until a living node saw that the other was down',
} as const

/** How long the machine is down: longer than Cassandra takes to notice. */
const DOWN_MS = 25_000
/** How long to look for missing messages: after the joins, while a machine is down, at the end. */
const READ_BACK_MS = { joined: 20_000, down: 10_000, end: 30_000 }
const RECOVERY_TIMEOUT_MS = 30_000
const SEEN_DOWN_TIMEOUT_MS = 90_000

/** Kills the only server and starts it again. */
export const killOnlyServer: Intervention = {
  text: 'MongoDB, the only server, is killed with -9 and started again later',
  consumesFixture: true,
  async run(context) {
    const { engine } = context.mongo
    if (engine === undefined) throw engineNotOwn('MONGODB')
    await using writer = startProbeWriter(context)
    await delay(2_000)
    const endWindow = writer.startWindow()
    await engine.kill()
    await delay(DOWN_MS)
    const { tried, failed } = await endWindow()
    const { missing } = await writer.readBack(READ_BACK_MS.down)
    await engine.restart()
    await waitUntilSendsSucceed(writer)
    return {
      ...(await finalCounts(writer)),
      [REPORTED.nodes]: 1,
      [REPORTED.failedWhileDown]: failed / tried,
      [REPORTED.unreadableWhileDown]: missing,
    }
  },
}

/** Grows from one node to three under load, then kills one of the three and starts it again. */
export const killOneOfThree = (copies: 3 | 1): Intervention => ({
  text: `two nodes join under load; ${copies === 3 ? 'the keyspace is altered to three copies and repaired' : 'the keyspace keeps one copy of everything'}; one node is killed with -9 and started again`,
  consumesFixture: true,
  async run(context) {
    const cassandra = context.cassandra?.engine
    if (cassandra === undefined || cassandra.nodes().length === 0) throw engineNotOwn('CASSANDRA')
    const keyspace = await queryKeyspace(context.cassandra, async (name) => name)
    await using writer = startProbeWriter(context)
    for (const ordinal of ['second', 'third']) {
      context.log(`the ${ordinal} node joins, which takes about half a minute`)
      await cassandra.addNode()
    }
    // A range that a joining node owns but did not receive cannot be read while there is one copy.
    const afterJoin = await writer.readBack(READ_BACK_MS.joined)
    const atOneCopy = await measureSpread(context, cassandra, keyspace, writer)
    writer.stopEvenChannels()
    if (copies === 3) await replicateToThree(context, cassandra, keyspace)
    const beforeKill = await measureSpread(context, cassandra, keyspace, writer)

    const victim = cassandra.nodes()[2]!
    context.log('one of the three nodes is killed')
    const endWindow = writer.startWindow()
    const killedAt = performance.now()
    await victim.kill()
    const untilSeenDown = await secondsUntilSeenDown(cassandra, victim.address, killedAt)
    await delay(Math.max(0, DOWN_MS - (performance.now() - killedAt)))
    const { tried, failed } = await endWindow()
    const whileDown = await writer.readBack(READ_BACK_MS.down)
    await victim.restart()
    await waitUntilSendsSucceed(writer)
    return {
      ...(await finalCounts(writer)),
      [REPORTED.nodes]: cassandra.nodes().length,
      [REPORTED.unreadableAfterJoin]: afterJoin.missing,
      [REPORTED.ringShareAtOneCopy]: atOneCopy.ringShare,
      [REPORTED.ringShare]: beforeKill.ringShare,
      [REPORTED.diskShareAtOneCopy]: atOneCopy.diskShare,
      [REPORTED.diskShare]: beforeKill.diskShare,
      [REPORTED.secondsUntilSeenDown]: untilSeenDown,
      [REPORTED.failedWhileDown]: failed / tried,
      [REPORTED.unreadableWhileDown]: whileDown.missing,
    }
  },
})

/** Measures which data each node owns by its tokens, and which it has on disk. */
async function measureSpread(
  { guilds, log }: TrialContext,
  engine: CassandraEngine,
  keyspace: string,
  writer: ProbeWriter,
) {
  log('measuring the data of each node')
  using _ = await writer.pause()
  const channels = guilds.flatMap((guild) => guild.channels).length
  return {
    ringShare: await smallestRingShare(engine, keyspace),
    diskShare: await smallestDiskShare(engine, keyspace, channels),
  }
}

/** Altering the keyspace creates no copies. A repair of each node does. */
async function replicateToThree(
  { cassandra, log }: TrialContext,
  engine: CassandraEngine,
  keyspace: string,
): Promise<void> {
  log('altering the keyspace to three copies')
  await queryKeyspace(cassandra, (_, rows) =>
    rows(
      `ALTER KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 3}`,
    ),
  )
  for (const node of engine.nodes()) {
    log(`repairing ${node.address}`)
    await node.nodetool('repair', '-full', keyspace)
  }
}

async function secondsUntilSeenDown(
  engine: CassandraEngine,
  address: string,
  killedAt: number,
): Promise<number> {
  while (performance.now() - killedAt < SEEN_DOWN_TIMEOUT_MS) {
    if ((await statesSeenBy(engine.nodes()[0]!)).get(address) === 'down')
      return (performance.now() - killedAt) / 1_000
    await delay(250)
  }
  throw new CodedError(
    'NEVER_SEEN',
    `no node noticed within ${SEEN_DOWN_TIMEOUT_MS / 1_000} s that ${address} is down`,
  )
}

/** Waits until sends succeed again. After the timeout the lab goes on and reads what it can. */
async function waitUntilSendsSucceed(writer: ProbeWriter): Promise<void> {
  const until = Date.now() + RECOVERY_TIMEOUT_MS
  let endWindow = writer.startWindow()
  while (Date.now() < until) {
    await delay(2_000)
    const { tried, failed } = await endWindow()
    if (tried > 0 && failed === 0) return
    endWindow = writer.startWindow()
  }
}

async function finalCounts(writer: ProbeWriter): Promise<Record<string, number>> {
  await writer.stop()
  return {
    [REPORTED.written]: writer.acknowledged(),
    [REPORTED.missing]: (await writer.readBack(READ_BACK_MS.end)).missing,
  }
}

const engineNotOwn = (which: 'MONGODB' | 'CASSANDRA'): CodedError =>
  new CodedError(
    'ENGINE_NOT_OURS',
    'this lab kills engines and lets nodes join, and it did not start this engine itself',
    {
      next:
        which === 'CASSANDRA'
          ? 'unset THRESHOLD_CASSANDRA_URI; nodes can join only as local processes, not as containers'
          : 'unset THRESHOLD_MONGODB_URI',
    },
  )

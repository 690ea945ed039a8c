import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startStage } from '@threshold/engines'
import { type Intervention, startProbeWriter, type TrialContext } from '@threshold/lab-kit'
import { compareStores } from './compare-stores.ts'
import { startMigrator } from './migrator.ts'

export const REPORTED = {
  kills: 'times that the migrator was killed with -9 while it worked',
  completed: 'migrations that completed with equal stores',
  written: 'messages of the probe writer that were acknowledged',
  missing: 'acknowledged messages of the probe writer that no page shows after the migration',
  shownTwice: 'acknowledged messages of the probe writer that pages show twice',
  shownOutOfOrder: 'acknowledged messages of the probe writer that pages show out of order',
  messages: 'messages in either store at the end',
  different:
    'messages that only one store has, or that differ in text, author, write time or edit time',
  seconds: 'seconds that the migration took',
  secondsAfterLoad: 'seconds of the migration after the end of the load',
} as const

/** Output at which the migrator is killed. It prints these lines every second of each step. */
const KILL_ON = [/^backfill: [\d,]+ of about/m, /^verify: [\d,]+ of about/m]
/**
 * The rate limit makes the copy slow enough to be killed midway. Production would also limit a live
 * migration, at a higher rate.
 */
const LIVE = ['--rate', '800']
/** No rate limit. There are no reads meanwhile, and so no shadow reads to compare. */
const OFFLINE = ['--shadow', '0']
/** How long to look for missing messages after the migration. */
const READ_BACK_MS = 20_000

/** Migrates under load. */
export const migrateLive: Intervention = {
  text: 'all messages are migrated under load, and the migrator is killed with -9 twice meanwhile',
  consumesFixture: true,
  run: (context) =>
    measureMigration(context, async (folder) => {
      let kills = 0
      for (const pattern of KILL_ON) {
        await using migrator = await startMigrator(context, folder, LIVE)
        await migrator.waitForOutput(pattern)
        await delay(Math.random() * 300)
        if (await migrator.kill()) kills++
      }
      await using migrator = await startMigrator(context, folder, LIVE)
      return { kills, completed: await migrator.completed() }
    }),
}

/**
 * The usual way: stop the stage, copy everything, start the stage. The migrator needs a running
 * participant, so another process of the stage runs meanwhile at an address that no client knows.
 */
export const migrateOffline: Intervention = {
  text: 'the stage is stopped, all messages are migrated, and the stage is started again',
  consumesFixture: true,
  run: (context) =>
    measureMigration(context, async (folder) => {
      const { stage, mongo, cassandra } = context
      process.kill(stage.pid, 'SIGTERM')
      while (stage.exitReason() === undefined) await delay(20)
      const env = { THRESHOLD_WORKER: '1', THRESHOLD_LOG_LEVEL: 'warn' }
      await using hidden = await startStage({
        stage: 2,
        engineUri: mongo.uri,
        cassandraUri: cassandra!.uri,
        env,
      })
      await using migrator = await startMigrator(context, folder, OFFLINE)
      const completed = await migrator.completed()
      await hidden.stop()
      await stage.restart()
      return { kills: 0, completed }
    }),
}

interface MigrationResult {
  readonly kills: number
  readonly completed: boolean
}

/**
 * Runs the probe writer during the migration. Then reads its messages back and compares the stores.
 */
async function measureMigration(
  context: TrialContext,
  act: (folder: string) => Promise<MigrationResult>,
): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-lab-2.6-'))
  try {
    await using writer = startProbeWriter(context)
    const started = performance.now()
    const { kills, completed } = await act(folder)
    const seconds = (performance.now() - started) / 1_000
    context.log(`migrated in ${seconds.toFixed(0)} s; comparing both stores`)
    await writer.stop()
    const { missing, duplicated, outOfOrder } = await writer.readBack(READ_BACK_MS)
    const { messages, different } = await compareStores(context)
    return {
      [REPORTED.kills]: kills,
      [REPORTED.completed]: Number(completed),
      [REPORTED.seconds]: seconds,
      [REPORTED.secondsAfterLoad]: Math.max(0, seconds - context.loadSeconds),
      [REPORTED.written]: writer.acknowledged(),
      [REPORTED.missing]: missing,
      [REPORTED.shownTwice]: duplicated,
      [REPORTED.shownOutOfOrder]: outOfOrder,
      [REPORTED.messages]: messages,
      [REPORTED.different]: different,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

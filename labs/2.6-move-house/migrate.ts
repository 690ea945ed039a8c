import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startStage } from '@threshold/engines'
import { type Intervention, startProbeWriter, type TrialContext } from '@threshold/lab-kit'
import { compareStores } from './compare-stores.ts'
import { startMigrator } from './migrator.ts'

export const REPORTED = {
  kills: 'times the migrator was killed with -9 in the midst of its work',
  moved: 'moves that came to their end, both stores found equal',
  written: 'messages of the account that were acknowledged meanwhile',
  missing: 'of them, those that no page shows after the move',
  shownTwice: 'of them, those that pages show twice',
  shownOutOfOrder: 'of them, those that pages show out of order',
  messages: 'messages in either store at the end',
  different:
    'messages that only one store has, or that differ in text, author, time of writing or of edit',
  seconds: 'seconds that the move took',
  beyond: 'seconds of it after people had left',
} as const

/**
 * At which words it is killed: it tells them each second for as long as it copies, and then for as
 * long as it verifies.
 */
const KILLED_AT = [/^backfill: [\d,]+ of about/m, /^verify: [\d,]+ of about/m]
/**
 * Slow enough to be met in the midst of its work. Somebody who moves while people talk would set a
 * limit as well, and a higher one.
 */
const LIVE = ['--rate', '800']
/** As fast as it can; and nobody reads meanwhile, so there are no reads to compare. */
const CLOSED = ['--shadow', '0']
/** How long what was acknowledged is looked for after the move. */
const LOOK_MS = 20_000

/** People talk all the while, and nobody tells them. */
export const migrateLive: Intervention = {
  text: 'all messages move while people talk, and the migrator is killed with -9 twice on the way',
  consumesFixture: true,
  run: (scene) =>
    measureMigration(scene, async (folder) => {
      let kills = 0
      for (const words of KILLED_AT) {
        await using migrator = await startMigrator(scene, folder, LIVE)
        await migrator.waitForOutput(words)
        await delay(Math.random() * 300)
        if (await migrator.kill()) kills++
      }
      await using migrator = await startMigrator(scene, folder, LIVE)
      return { kills, moved: await migrator.completed() }
    }),
}

/**
 * As most people move: the chat is closed, everything is copied, the chat opens again. The migrator
 * has to see somebody who follows its move, so a second process of the stage runs meanwhile, at an
 * address that nobody is told.
 */
export const migrateOffline: Intervention = {
  text: 'the stage is stopped, all messages move, and the stage is started again',
  consumesFixture: true,
  run: (scene) =>
    measureMigration(scene, async (folder) => {
      const { stage, mongo, cassandra } = scene
      process.kill(stage.pid, 'SIGTERM')
      while (stage.exitReason() === undefined) await delay(20)
      const env = { THRESHOLD_WORKER: '1', THRESHOLD_LOG_LEVEL: 'warn' }
      await using inside = await startStage({
        stage: 2,
        engineUri: mongo.uri,
        cassandraUri: cassandra!.uri,
        env,
      })
      await using migrator = await startMigrator(scene, folder, CLOSED)
      const moved = await migrator.completed()
      await inside.stop()
      await stage.restart()
      return { kills: 0, moved }
    }),
}

interface Moved {
  readonly kills: number
  readonly moved: boolean
}

/** Somebody keeps account of what was acknowledged all the while, and looks for it afterwards. */
async function measureMigration(
  scene: TrialContext,
  act: (folder: string) => Promise<Moved>,
): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-lab-2.6-'))
  try {
    await using writer = startProbeWriter(scene)
    const started = performance.now()
    const { kills, moved } = await act(folder)
    const seconds = (performance.now() - started) / 1_000
    scene.log(`moved within ${seconds.toFixed(0)} s; comparing both stores`)
    await writer.stop()
    const { missing, duplicated, outOfOrder } = await writer.readBack(LOOK_MS)
    const { messages, different } = await compareStores(scene)
    return {
      [REPORTED.kills]: kills,
      [REPORTED.moved]: Number(moved),
      [REPORTED.seconds]: seconds,
      [REPORTED.beyond]: Math.max(0, seconds - scene.loadSeconds),
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

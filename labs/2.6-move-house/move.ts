import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startStage } from '@threshold/engines'
import type { Deed, Scene } from '@threshold/lab-kit'
import { compareStores } from './compare.ts'
import { startMigrator } from './migrator.ts'

export const TOLD = {
  kills: 'times the migrator was killed with -9',
  messages: 'messages in either store at the end',
  different: 'messages that only one store has, or that differ',
  seconds: 'seconds that the move took',
} as const

/** At the end of which words it is killed: in the midst of what comes next. */
const KILLED_AFTER = [/^dual-write: \d+ processes/m, /^backfill: [\d,]+ rows in/m]

/** People talk all the while, and nobody tells them. */
export const whilePeopleTalk: Deed = {
  text: 'all messages move while people talk, and the migrator is killed with -9 twice on the way',
  spendsWorld: true,
  run: (scene) =>
    move(scene, async (folder) => {
      for (const words of KILLED_AFTER) {
        await using migrator = await startMigrator(scene, folder)
        await migrator.said(words)
        await delay(Math.random() * 300)
        await migrator.kill()
      }
      await using migrator = await startMigrator(scene, folder)
      await migrator.done()
      return KILLED_AFTER.length
    }),
}

/**
 * As most people move: the chat is closed, everything is copied, the chat opens again. The migrator has to see somebody who
 * follows its move, so a second process of the stage runs meanwhile, at an address that nobody is told.
 */
export const behindClosedDoors: Deed = {
  text: 'the stage is stopped, all messages move, and the stage is started again',
  spendsWorld: true,
  run: (scene) =>
    move(scene, async (folder) => {
      const { stage, mongo, cassandra } = scene
      process.kill(stage.pid, 'SIGTERM')
      while (stage.ended() === undefined) await delay(20)
      const env = { THRESHOLD_WORKER: '1', THRESHOLD_LOG_LEVEL: 'warn' }
      await using inside = await startStage({ stage: 2, engineUri: mongo.uri, cassandraUri: cassandra!.uri, env })
      await using migrator = await startMigrator(scene, folder)
      await migrator.done()
      await inside.stop()
      await stage.restart()
      return 0
    }),
}

async function move(scene: Scene, act: (folder: string) => Promise<number>): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-lab-2.6-'))
  try {
    const started = performance.now()
    const kills = await act(folder)
    const seconds = (performance.now() - started) / 1_000
    scene.say(`moved within ${seconds.toFixed(0)} s; comparing both stores`)
    const { messages, different } = await compareStores(scene)
    return { [TOLD.kills]: kills, [TOLD.seconds]: seconds, [TOLD.messages]: messages, [TOLD.different]: different }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

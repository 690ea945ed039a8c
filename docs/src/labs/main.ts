import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadLabEntries } from '../../../labs/kit/src/labs.ts'
import { stageNumber } from '../../../labs/kit/src/plan.ts'
import { playRecording } from '../../../labs/kit/src/recording/recording.ts'
import type { Lab } from '../../../labs/kit/src/spec.ts'
import { CodedError } from '../../../stages/common/kit/src/index.ts'
import { repository } from '../plugins/repository.ts'
import type { LabData } from './lab-data.ts'
import { recordingOf } from './recording.ts'

// Prints the labs as JSON, in their order. The plugin for lab pages starts this program.
const { root, routeOf } = repository(fileURLToPath(new URL('../../..', import.meta.url)))
const entries = await loadLabEntries()
const folderOf = (dir: string): string => path.relative(root, dir).split(path.sep).join('/')
const routes = new Map(
  entries.map(({ lab, dir }) => [lab.id, routeOf(`${folderOf(dir)}/README.md`)!]),
)
const labs = await Promise.all(entries.map(({ lab, dir }) => dataOf(lab, folderOf(dir))))
process.stdout.write(JSON.stringify(labs))

async function dataOf(lab: Lab, folder: string): Promise<LabData> {
  const { id, title, question, minutes, memory, arms } = lab
  const stages = [...new Set(Object.values(arms).map(({ stage }) => stageNumber(stage)))].sort()
  const frame = { id, title, question, folder, minutes, memory, stages }
  try {
    const report = await playRecording(lab)
    return { ...frame, recording: recordingOf(report, (other) => routes.get(other)!) }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    // A lab without a recording has a page without a player.
    return error.code === 'NO_RECORDING' ? frame : { ...frame, problem: error.message }
  }
}

import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError } from '../../../infra/kit/src/index.ts'
import { loadLabEntries } from '../../../labs/kit/src/labs.ts'
import { stageNumber } from '../../../labs/kit/src/plan.ts'
import { playRecording } from '../../../labs/kit/src/recording/recording.ts'
import type { Report } from '../../../labs/kit/src/report/schema.ts'
import type { Lab } from '../../../labs/kit/src/spec.ts'
import { minutesOfPage } from '../../../scripts/src/lab-pages/page.ts'
import { repository } from '../plugins/repository.ts'
import type { LabData } from './lab-data.ts'
import { recordingOf } from './recording.ts'

// Prints the labs as JSON, in their order. The plugin for lab pages starts this program.
const { root, routeOf, read } = repository(fileURLToPath(new URL('../../..', import.meta.url)))
const entries = await loadLabEntries()
const folderOf = (dir: string): string => path.relative(root, dir).split(path.sep).join('/')
const routes = new Map(
  entries.map(({ lab, dir }) => [lab.id, routeOf(`${folderOf(dir)}/README.md`)!]),
)
const labs = await Promise.all(entries.map(({ lab, dir }) => dataOf(lab, folderOf(dir))))
process.stdout.write(JSON.stringify(labs))

async function dataOf(lab: Lab, folder: string): Promise<LabData> {
  const { id, title, question, memory, arms } = lab
  const { report, problem } = await played(lab)
  const page = `${folder}/README.md`
  return {
    id,
    title,
    question,
    folder,
    memory,
    minutes: minutesOfPage(page, read(page), { lab, recorded: report }),
    fullMinutes: lab.minutes.full,
    stages: [...new Set(Object.values(arms).map(({ stage }) => stageNumber(stage)))].sort(),
    ...(report && { recording: recordingOf(report, (other) => routes.get(other)!) }),
    ...(problem && { problem }),
  }
}

/** The recorded run. A lab without one has a page without a player. */
async function played(lab: Lab): Promise<{ report?: Report; problem?: string }> {
  try {
    return { report: await playRecording(lab) }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return error.code === 'NO_RECORDING' ? {} : { problem: error.message }
  }
}

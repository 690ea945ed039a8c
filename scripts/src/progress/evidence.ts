import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { CodedError } from '@threshold/kit'
import { type Report, reportSchema } from '@threshold/lab-kit'
import { evidenceFolder, recordedFolder } from '../context.ts'

export interface SavedRun {
  /** The name of its folder; `1.3-recorded` for the recorded run of lab 1.3, which was played. */
  readonly name: string
  readonly dir: string
  readonly html: string
}

/** The saved runs, of one lab or of all, oldest first. A folder without a page was cut off. */
export async function savedRuns(lab?: string): Promise<SavedRun[]> {
  const evidence = (await namesIn(evidenceFolder())).map((name) => ({
    name,
    dir: join(evidenceFolder(), name),
  }))
  const recorded = (await namesIn(recordedFolder())).map((id) => ({
    name: `${id}-recorded`,
    dir: join(recordedFolder(), id),
  }))
  const named = [...evidence, ...recorded].filter(({ name }) =>
    lab === undefined ? /^\d+\.\d+-/.test(name) : name.startsWith(`${lab}-`),
  )
  const found = await Promise.all(
    named.map(async (run) => {
      const html = join(run.dir, 'report.html')
      const writtenAt = await stat(html).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      )
      return writtenAt === undefined ? [] : [{ ...run, html, writtenAt }]
    }),
  )
  return found.flat().sort((a, b) => a.writtenAt - b.writtenAt)
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])

/**
 * The report of a saved run; undefined if there is none, or if it has another format.
 *
 * @param dir the folder of the run, or its name in the evidence
 */
export async function readReport(dir: string): Promise<Report | undefined> {
  const file = join(resolve(evidenceFolder(), dir), 'report.json')
  try {
    return reportSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

/**
 * Finds a saved run by the name or path of its folder, or by `latest` and `previous`.
 *
 * @throws CodedError `UNKNOWN_RUN`
 */
export async function findRun(run: string, lab: string | undefined): Promise<SavedRun> {
  const runs = await savedRuns(lab)
  const place = { latest: -1, previous: -2 }[run]
  const found =
    place === undefined ? runs.find(({ name }) => name === basename(run)) : runs.at(place)
  if (found !== undefined) return found
  const of = lab === undefined ? '' : ` of lab ${lab}`
  throw new CodedError('UNKNOWN_RUN', `there is no saved run ${run}${of}`, {
    next: 'npx threshold history',
  })
}

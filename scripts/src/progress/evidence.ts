import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { type Report, reportSchema } from '@threshold/lab-kit'
import { evidenceFolder } from '../context.ts'

/** The folder of a saved run. */
export interface SavedRun {
  readonly name: string
  readonly html: string
}

/** The saved runs, of one lab or of all, oldest first. A folder without a page was cut off. */
export async function savedRuns(lab?: string): Promise<SavedRun[]> {
  const folder = evidenceFolder()
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    lab === undefined ? /^\d+\.\d+-/.test(name) : name.startsWith(`${lab}-`),
  )
  const found = await Promise.all(
    names.map(async (name) => {
      const html = join(folder, name, 'report.html')
      // A played recording has the name of its first run, so the name does not tell the order.
      const writtenAt = await stat(html).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      )
      return writtenAt === undefined ? [] : [{ name, html, writtenAt }]
    }),
  )
  return found.flat().sort((a, b) => a.writtenAt - b.writtenAt)
}

/** The report of a saved run; undefined if there is none, or if it has another format. */
export async function readReport(name: string): Promise<Report | undefined> {
  const file = join(evidenceFolder(), basename(name), 'report.json')
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
export async function findRun(run: string, lab: string | undefined): Promise<string> {
  const runs = (await savedRuns(lab)).map(({ name }) => name)
  const place = { latest: -1, previous: -2 }[run]
  const found = place === undefined ? runs.find((name) => name === basename(run)) : runs.at(place)
  if (found !== undefined) return found
  const of = lab === undefined ? '' : ` of lab ${lab}`
  throw new CodedError('UNKNOWN_RUN', `there is no saved run ${run}${of}`, {
    next: 'npx threshold history',
  })
}

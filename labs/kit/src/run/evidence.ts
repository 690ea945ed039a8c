import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { repositoryUrl } from '../labs.ts'
import { type PreviousRun, type Report, reportSchema, VERSION } from '../report/schema.ts'

export interface Evidence {
  readonly dir: string
  readonly reportHtml: string
  readonly reportJson: string
}

const REPORT_JSON = 'report.json'

/**
 * Copies the raw samples into a new folder and writes report.json and report.html there. The page
 * is written last: a folder without one was cut off.
 */
export async function saveEvidence(
  evidenceDir: string,
  draftDir: string,
  report: Report,
): Promise<Evidence> {
  const previous = await findPreviousRun(evidenceDir, report)
  const name = `${report.lab.id}-${report.startedAt.replaceAll(/[:.]/g, '-')}${report.control === undefined ? '' : '-control'}`
  const dir = await createFolder(join(evidenceDir, name))
  await cp(draftDir, dir, { recursive: true })
  const reportJson = join(dir, REPORT_JSON)
  const reportHtml = join(dir, 'report.html')
  await writeFile(reportJson, `${JSON.stringify(report, undefined, 2)}\n`)
  // The chart library takes half a second to load, which commands without a report need not wait.
  const { renderReport } = await import('../report/html.ts')
  await writeFile(reportHtml, renderReport(report, previous, repositoryUrl(dir)))
  return { dir, reportHtml, reportJson }
}

/** Adds a number to the name if two runs started in the same millisecond. */
async function createFolder(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  for (let n = 1; ; n++) {
    const dir = n === 1 ? path : `${path}-${n}`
    try {
      await mkdir(dir)
      return dir
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/**
 * Finds the latest earlier run of the same lab and size that measured something. If the only ones
 * have another report format, the result says so.
 */
export async function findPreviousRun(
  evidenceDir: string,
  { lab, size, control, startedAt }: Report,
): Promise<PreviousRun> {
  const folders = (await readdir(evidenceDir).catch(() => []))
    .filter((name) => name.startsWith(`${lab.id}-`))
    .sort()
    .reverse()
  let note: string | undefined
  for (const folder of folders) {
    const json = await readJson(join(evidenceDir, folder, REPORT_JSON))
    const report = reportSchema.safeParse(json).data
    if (report === undefined) {
      note ??= describeOtherVersion(folder, json)
      continue
    }
    if (
      report.size === size &&
      report.control === control &&
      !report.demo &&
      report.startedAt < startedAt &&
      report.samples.length > 0
    )
      return { report }
  }
  return note === undefined ? {} : { note }
}

/** Returns undefined if the file is missing or is not JSON. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

function describeOtherVersion(folder: string, json: unknown): string | undefined {
  const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : undefined
  if (typeof version !== 'number' || version === VERSION) return undefined
  return `The earlier run in ${folder} has a report of format ${version}. This version of Threshold reads format ${VERSION}, so the two are not compared.`
}

import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderReport } from '../report/html.ts'
import { type Report, reportSchema } from '../report/schema.ts'

export interface Evidence {
  readonly dir: string
  readonly reportHtml: string
  readonly reportJson: string
}

/**
 * What a run leaves, in a folder of its own: raw samples, report.json, report.html. It is put
 * together where a killed lab's files are swept away and copied here whole, with the page last: a
 * folder without a page was cut off while it was copied.
 */
export async function saveEvidence(
  evidenceDir: string,
  draftDir: string,
  report: Report,
): Promise<Evidence> {
  const previous = await previousReport(evidenceDir, report)
  const name = `${report.lab.id}-${report.startedAt.replaceAll(/[:.]/g, '-')}${report.control === undefined ? '' : '-twin'}`
  const dir = await newFolder(join(evidenceDir, name))
  await cp(draftDir, dir, { recursive: true })
  const reportJson = join(dir, REPORT_JSON)
  const reportHtml = join(dir, 'report.html')
  await writeFile(reportJson, `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(reportHtml, renderReport(report, previous))
  return { dir, reportHtml, reportJson }
}

const REPORT_JSON = 'report.json'

/** Two runs that began in the same millisecond do not overwrite each other. */
async function newFolder(path: string): Promise<string> {
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

/** The last run of the same lab in the same size, so that the new one can be set beside it. */
export async function previousReport(
  evidenceDir: string,
  { lab, size, control: twin, startedAt }: Report,
): Promise<Report | undefined> {
  const names = await readdir(evidenceDir).catch(() => [])
  for (const name of names
    .filter((one) => one.startsWith(`${lab.id}-`))
    .sort()
    .reverse()) {
    const report = await readReport(join(evidenceDir, name, REPORT_JSON))
    if (
      report?.size === size &&
      report.control === twin &&
      report.startedAt < startedAt &&
      report.samples.length > 0
    )
      return report
  }
  return undefined
}

/** Undefined for what is no report, or one of another version. */
async function readReport(file: string): Promise<Report | undefined> {
  try {
    return reportSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryUrl } from '../labs.ts'
import type { Report } from '../report/schema.ts'
import { summaryOf } from '../report/summary.ts'
import type { LabResult } from '../run-lab.ts'

/**
 * Writes the page of a played recording into a folder of the lab's id. It replaces the page of the
 * last time, since both show the same run.
 */
export async function saveRecordedPage(report: Report, recordedDir: string): Promise<LabResult> {
  const dir = join(recordedDir, report.lab.id)
  await mkdir(dir, { recursive: true })
  const reportJson = join(dir, 'report.json')
  const reportHtml = join(dir, 'report.html')
  await writeFile(reportJson, `${JSON.stringify(report, undefined, 2)}\n`)
  const { renderReport } = await import('../report/html.ts')
  await writeFile(reportHtml, renderReport(report, {}, repositoryUrl(dir)))
  const { verdict, reasons } = report
  return { verdict, reasons, reportHtml, reportJson, summary: summaryOf(report), report }
}

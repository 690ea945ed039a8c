import { CACHE_NEXT } from '../folder.ts'
import type { ChoiceFacts, DiskFacts, DoctorReport, StageFacts, ToolFacts } from './report.ts'

const GIGABYTE = 1_000_000_000
const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`

const VERDICTS: Record<DoctorReport['status'], string> = {
  ok: 'Everything runs, on the real engines.',
  'stand-in': 'Everything runs. Figures from an engine that stands in for the real one say so.',
  cannot: 'Something cannot run yet: see the lines marked ✗.',
}

/**
 * Formats the report for a terminal: the facts, then the verdict, with a remedy for each problem.
 *
 * @param sections lines of further sections, before the verdict
 */
export function formatDoctor(report: DoctorReport, sections: readonly string[] = []): string {
  const { machine, disks, ports, tools, stages } = report
  const lines = [
    'This machine',
    doctorRow(
      '✓',
      'system',
      `${machine.os}, Node ${machine.node}${machine.os.startsWith('Linux') ? '' : ', untested'}`,
    ),
    doctorRow(
      machine.cores >= 2 ? '✓' : '!',
      'cores',
      `${machine.cores}, load ${machine.load.toFixed(1)}${busyNote(report)}`,
    ),
    doctorRow(
      machine.memoryBytes >= 4 * GIGABYTE ? '✓' : '!',
      'memory',
      `${gigabytes(machine.memoryBytes)}, ${gigabytes(machine.freeMemoryBytes)} free`,
    ),
    ...disks.flatMap(diskRows),
    doctorRow(
      ports.free > 0 ? '✓' : '✗',
      'ports',
      `${ports.free} of ${ports.sampled} sampled between ${ports.from} and ${ports.to} are free`,
    ),
    '',
    'Tools',
    ...tools.flatMap(toolRows),
    '',
    'Stages',
    ...stages.flatMap(stageRows),
    ...sections,
    '',
    VERDICTS[report.status],
  ]
  return `${lines.join('\n')}\n`
}

/** A line of the report: a mark, a name, and a text. */
export const doctorRow = (mark: string, name: string, text: string): string =>
  `  ${mark} ${name.padEnd(14)} ${text}`
/** A line that says what to do about the row above. */
export const doctorRemedy = (text: string): string => `    ${''.padEnd(14)} → ${text}`

function diskRows({ what, path, freeBytes, needBytes, problem }: DiskFacts): string[] {
  const name = `disk (${what})`
  if (problem !== undefined) return [doctorRow('✗', name, problem), doctorRemedy(CACHE_NEXT)]
  return [
    doctorRow(
      freeBytes >= needBytes ? '✓' : '!',
      name,
      `${gigabytes(freeBytes)} free, up to ${gigabytes(needBytes)} needed: ${path}`,
    ),
  ]
}

const busyNote = ({ machine }: DoctorReport): string =>
  machine.load > machine.cores ? ': too busy for labs to measure' : ''

function toolRows({ name, version, why, for: purpose, install }: ToolFacts): string[] {
  if (version !== undefined) return [doctorRow('✓', name, `${version}, for ${purpose}`)]
  return [doctorRow('–', name, `${why}; used for ${purpose}`), doctorRemedy(install)]
}

function stageRows({ stage, title, needs, quick, lab, passedOver }: StageFacts): string[] {
  const best = lab ?? quick
  const mark = best === undefined ? '✗' : best.standIn ? '~' : '✓'
  const better = best === undefined || best.standIn ? passedOver : []
  return [
    doctorRow(mark, `stage ${stage}`, `${title}, needs ${needs}`),
    ...(best === undefined
      ? []
      : [
          doctorRow(' ', '', `at once: ${choiceText(quick)}`),
          doctorRow(' ', '', `in labs: ${choiceText(lab)}`),
        ]),
    ...better.flatMap(({ name, why, next }) => [
      doctorRow(' ', '', `not ${name}: ${why}`),
      doctorRemedy(next),
    ]),
  ]
}

function choiceText(facts: ChoiceFacts | undefined): string {
  if (facts === undefined) return 'nothing'
  return facts.install === undefined ? facts.name : `${facts.name}, ${facts.install}`
}

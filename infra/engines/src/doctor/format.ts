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
 */
export function formatDoctor(report: DoctorReport): string {
  const { machine, disks, ports, tools, stages } = report
  const lines = [
    'This machine',
    row(
      '✓',
      'system',
      `${machine.os}, Node ${machine.node}${machine.os.startsWith('Linux') ? '' : ', untested'}`,
    ),
    row(
      machine.cores >= 2 ? '✓' : '!',
      'cores',
      `${machine.cores}, load ${machine.load.toFixed(1)}${busyNote(report)}`,
    ),
    row(
      machine.memoryBytes >= 4 * GIGABYTE ? '✓' : '!',
      'memory',
      `${gigabytes(machine.memoryBytes)}, ${gigabytes(machine.freeMemoryBytes)} free`,
    ),
    ...disks.flatMap(diskRows),
    row(
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
    '',
    VERDICTS[report.status],
  ]
  return `${lines.join('\n')}\n`
}

const row = (mark: string, name: string, text: string): string =>
  `  ${mark} ${name.padEnd(14)} ${text}`
const remedy = (text: string): string => `    ${''.padEnd(14)} → ${text}`

function diskRows({ what, path, freeBytes, needBytes, problem }: DiskFacts): string[] {
  const name = `disk (${what})`
  if (problem !== undefined) return [row('✗', name, problem), remedy(CACHE_NEXT)]
  return [
    row(
      freeBytes >= needBytes ? '✓' : '!',
      name,
      `${gigabytes(freeBytes)} free, up to ${gigabytes(needBytes)} needed: ${path}`,
    ),
  ]
}

const busyNote = ({ machine }: DoctorReport): string =>
  machine.load > machine.cores ? ': too busy for labs to measure' : ''

function toolRows({ name, version, why, for: purpose, install }: ToolFacts): string[] {
  if (version !== undefined) return [row('✓', name, `${version}, for ${purpose}`)]
  return [row('–', name, `${why}; used for ${purpose}`), remedy(install)]
}

function stageRows({ stage, title, needs, quick, lab, passedOver }: StageFacts): string[] {
  const best = lab ?? quick
  const mark = best === undefined ? '✗' : best.standIn ? '~' : '✓'
  const better = best === undefined || best.standIn ? passedOver : []
  return [
    row(mark, `stage ${stage}`, `${title}, needs ${needs}`),
    ...(best === undefined
      ? []
      : [
          row(' ', '', `at once: ${choiceText(quick)}`),
          row(' ', '', `in labs: ${choiceText(lab)}`),
        ]),
    ...better.flatMap(({ name, why, next }) => [row(' ', '', `not ${name}: ${why}`), remedy(next)]),
  ]
}

function choiceText(facts: ChoiceFacts | undefined): string {
  if (facts === undefined) return 'nothing'
  return facts.install === undefined ? facts.name : `${facts.name}, ${facts.install}`
}

import type { StageInfo } from '@threshold/engines'
import type { Lab, Report } from '@threshold/lab-kit'
import { replaceBlock, withoutBlock } from './blocks.ts'
import { expectedBlock } from './expected-block.ts'
import { frameBlock } from './frame-block.ts'
import { type LabMinutes, minutesOf } from './minutes.ts'
import { predictBlock } from './predict-block.ts'
import { problemsBlock } from './problems-block.ts'
import { runBlock } from './run-block.ts'

/** Everything that a lab's page is generated from. */
export interface LabSource {
  readonly lab: Lab
  /** The folder relative to the repository, such as `labs/1.3-blast-radius`. */
  readonly folder: string
  readonly stages: readonly StageSource[]
  /** Error codes in the source files of the folder. */
  readonly ownCodes: readonly string[]
  /** The lab's recorded run, if it has one. */
  readonly recorded: Report | undefined
}

export type StageSource = Pick<StageInfo, 'stage' | 'title' | 'engines'> & {
  /** Relative to the repository. */
  readonly folder: string
}

export const pageFile = ({ folder }: Pick<LabSource, 'folder'>): string => `${folder}/README.md`

/**
 * Returns the page with its generated blocks up to date.
 *
 * @throws CodedError `NO_MARKER` if the page lacks the markers of a block
 */
export function generatePage(source: LabSource, text: string): string {
  const file = pageFile(source)
  const written = [
    ['predict', predictBlock(source)],
    ['run', runBlock(source)],
    ['expected', expectedBlock(source)],
    ['problems', problemsBlock(source)],
  ] as const
  const page = written.reduce(
    (result, [name, content]) => replaceBlock(file, result, name, content),
    text,
  )
  return replaceBlock(file, page, 'frame', frameBlock(source, minutesOfPage(file, page, source)))
}

/** How long a lab takes with its page. */
export function minutesOfPage(
  file: string,
  page: string,
  { lab, recorded }: Pick<LabSource, 'lab' | 'recorded'>,
): LabMinutes {
  // Without the frame, which shows the minutes, and the table of problems, which is only looked up.
  const read = withoutBlock(file, withoutBlock(file, page, 'frame'), 'problems')
  return minutesOf(lab, recorded, read)
}

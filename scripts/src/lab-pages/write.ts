import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { claimSvg } from '@threshold/lab-kit'
import { PICTURE } from './expected-block.ts'
import { generatePage, type LabSource, pageFile } from './page.ts'

/** A generated file that differs from its lab. */
export interface Difference {
  /** Relative to the repository. */
  readonly file: string
  readonly content: string
}

/**
 * Compares the page of each lab, and the picture of its recorded run, with what the lab generates.
 *
 * @throws CodedError `NO_MARKER` if a page lacks the markers of a block
 */
export async function differences(
  root: string,
  sources: readonly LabSource[],
): Promise<Difference[]> {
  const found: Difference[] = []
  for (const source of sources) {
    const file = pageFile(source)
    const page = await readFile(join(root, file), 'utf8')
    const generated = [{ file, content: generatePage(source, page), now: page }]
    if (source.recorded !== undefined) {
      const picture = `${source.folder}/${PICTURE}`
      const now = await readFile(join(root, picture), 'utf8').catch(() => '')
      generated.push({ file: picture, content: claimSvg(source.recorded), now })
    }
    for (const { now, ...difference } of generated)
      if (now !== difference.content) found.push(difference)
  }
  return found
}

export async function writeDifference(root: string, { file, content }: Difference): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true })
  await writeFile(join(root, file), content)
}

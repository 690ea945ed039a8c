import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendProgress, readProgress } from '../src/progress.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'threshold-progress-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('progress', () => {
  it('is read as it was appended, oldest first', async () => {
    const file = join(dir, 'new', 'progress.jsonl')
    await appendProgress({ kind: 'hint', lab: '1.3', level: 1 }, file)
    await appendProgress({ kind: 'explained', lab: '1.3', text: 'One process.' }, file)
    expect(await readProgress(file)).toMatchObject([
      { kind: 'hint', level: 1 },
      { kind: 'explained', text: 'One process.' },
    ])
  })

  it('survives a torn line and entries of a later version', async () => {
    const file = join(dir, 'progress.jsonl')
    await appendProgress({ kind: 'hint', lab: '1.3', level: 1 }, file)
    await appendFile(file, '{"v":2,"kind":"hint"}\n{"v":1,"kind":"hi\n')
    await appendProgress({ kind: 'hint', lab: '1.3', level: 2 }, file)
    expect(await readProgress(file)).toHaveLength(2)
  })

  it('is empty where nothing was done', async () => {
    expect(await readProgress(join(dir, 'none'))).toEqual([])
  })
})

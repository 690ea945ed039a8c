import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkProse } from '../src/prose/check.ts'
import { ROOT, temporaryFolder } from './cli.ts'

const linesOf = (name: string, source: string): number[] =>
  checkProse(name, source).findings.map(({ line }) => line)

describe('the prose check', () => {
  it.each([
    ['a free relative', '// What the client sends is kept.'],
    ['one at the start of a later sentence', '// It waits. Who is late gets a 503.'],
    ['one in a block comment', '/**\n * Of the two,\n * the older one wins.\n */'],
    ['a sentence that spans lines', '// The first one. Whoever\n// reads it is late.'],
    ['an unnamed actor', '// It is for nobody to see.'],
    ['a private idiom', '// A write waits in the ledger.'],
    ['a private name in code', 'export const engineRoom = 1'],
  ])('rejects %s in TypeScript', (_, source) => {
    expect(linesOf('a.ts', source)).not.toEqual([])
  })

  it.each([
    ['a question', '// What is a bucket? Ten days of a channel.'],
    ['code in backticks', '// The value of `whoever` is a name.'],
    ['a string', "export const a = 'Whoever knocks is let in.'"],
    ['an ordinary sentence', '/** Returns what the client sent. Of course it may be empty. */'],
    ['an ordinary name in code', 'export const request = { told: true }'],
    ['a directive', '// biome-ignore lint/a: What follows is generated code.'],
  ])('accepts %s in TypeScript', (_, source) => {
    expect(linesOf('a.ts', source)).toEqual([])
  })

  it('reads paragraphs, lists and table cells of Markdown, but no headings and no code', () => {
    const page = [
      '# What a stage is',
      '',
      '**What it costs.** What it costs is time.',
      '',
      '- Of these, two remain. [What a stage is](b.md) says more.',
      '',
      '| What | Who knows about it |',
      '| --- | --- |',
      '| a port | Whoever serves it |',
      '',
      '```text',
      'Whoever reads this is a shell.',
      '```',
    ].join('\n')
    expect(linesOf('a.md', page)).toEqual([3, 5, 9, 9])
  })

  it('reads the comments of a shell script', () => {
    expect(linesOf('a.sh', '#!/bin/sh\n\n# What CI runs is this.\nWhat=1\n')).toEqual([3])
  })

  it('counts sentences that open with a preposition', () => {
    const source = '// In a test, two of four. On it goes. One. It ends.\n'
    expect(checkProse('a.ts', source)).toMatchObject({ sentences: 2, fronted: 2 })
  })

  it('names the file, the line, the sentence and the alternative, and fails', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'bad.ts')
    await writeFile(file, '\n// Nobody mends this.\nexport const a = 1\n')
    const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
      const args = [join(ROOT, 'scripts', 'prose.ts'), file]
      execFile(process.execPath, args, (error, out) => resolve({ code: error?.code, stdout: out }))
    })
    expect(stdout).toContain(`${file}:2  Nobody mends this.\n    → name the actor`)
    expect(stdout).toMatch(/^ {4}→ fix, repair$/m)
    expect(stdout).toMatch(
      /^prose: 2 problems in 1 files; 0\.0% of sentences open with a preposition$/m,
    )
    expect(code).toBe(1)
  })
})

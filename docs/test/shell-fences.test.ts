import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { InvalidFence, shellFences } from './shell/fences.ts'
import { problemOf } from './shell/reasons.ts'
import { runFence } from './shell/run.ts'

const root = path.resolve(import.meta.dirname, '../..')
const fence = (code: string, meta = ''): string => `# Page\n\n\`\`\`bash ${meta}\n${code}\n\`\`\`\n`
const only = (code: string, meta = '') => shellFences('page.md', fence(code, meta))[0]!

describe('the shell lines of a page', () => {
  it('are its commands with their line numbers, without comments and blank lines', () => {
    expect(only('# first\necho a\n\necho b').lines).toEqual([
      { line: 5, text: 'echo a', reason: undefined },
      { line: 7, text: 'echo b', reason: undefined },
    ])
  })

  it('join the lines of a command that ends in a backslash', () => {
    expect(only('echo a \\\n  b\necho c').lines.map((line) => line.text)).toEqual([
      'echo a \\\n  b',
      'echo c',
    ])
  })

  it('are found in lists, in quotations, and under any of the three languages', () => {
    const page =
      '- a\n\n  ```sh\n  echo a\n  ```\n\n> ```shell\n> echo b\n> ```\n\n~~~bash\necho c\n~~~\n'
    expect(shellFences('page.md', page).flatMap((f) => f.lines.map((line) => line.text))).toEqual([
      'echo a',
      'echo b',
      'echo c',
    ])
  })

  it('may carry a reason, for a whole block or for one line', () => {
    expect(only('echo a', 'no-run="for a reason"').lines[0]!.reason).toBe('for a reason')
    expect(
      only('echo a\necho b # not run: for another').lines.map((line) => [line.text, line.reason]),
    ).toEqual([
      ['echo a', undefined],
      ['echo b', 'for another'],
    ])
  })

  it.each([
    ['a block with an empty reason', fence('echo a', 'no-run=""')],
    ['a block with an unknown key', fence('echo a', 'norun="a long and honest reason"')],
    ['a block with words that are no key', fence('echo a', 'no-run')],
    ['a block that is only comments', fence('# nothing')],
    ['a block without a language', '```\nnpm test\n```\n'],
    ['an indented block', 'text\n\n    npm test\n'],
    ['a shell by another name', '```console\n$ npm test\n```\n'],
  ])('are rejected in %s', (_, page) => {
    expect(() => shellFences('page.md', page)).toThrow(InvalidFence)
  })
})

describe('a reason for not running a line', () => {
  it('must have a certain length', () => {
    expect(problemOf(root, 'too slow')).toMatch('too short')
    expect(problemOf(root, 'starts a server that stays in the foreground')).toBeUndefined()
  })

  it('must not name a file that is missing', () => {
    expect(
      problemOf(root, 'covered by docs/test/shell-fences.test.ts, line by line'),
    ).toBeUndefined()
    expect(problemOf(root, 'covered by docs/test/no-such.test.ts, line by line')).toMatch(
      'no-such.test.ts',
    )
    expect(problemOf(root, 'waits for stdin and/or a person at the keyboard')).toBeUndefined()
  })
})

describe('running the shell lines', () => {
  const run = (code: string, meta = '') => runFence(only(code, meta), tmpdir(), process.env)

  it('happens in one shell', async () => {
    expect(await run('A=1\ntest "$A" = 1')).toMatchObject({ code: 0, line: 5 })
  })

  it('stops at the first line that fails, and reports it', async () => {
    expect(await run('true\nfalse\necho never')).toMatchObject({ code: 1, line: 5, output: '' })
  })

  it('detects a failure in the middle of a pipe', async () => {
    expect((await run('false | cat')).code).toBe(1)
  })

  it('skips lines with a reason', async () => {
    expect(await run('echo a\nexit 3 # not run: it would end the shell')).toMatchObject({
      code: 0,
      output: 'a\n',
    })
  })

  it('kills a line that takes too long, with its children', async () => {
    const outcome = await run('sleep 600 & echo $!; wait', 'seconds=1')
    expect(outcome.code).toBeUndefined()
    const child = Number(outcome.output.trim())
    await expect.poll(() => isAlive(child)).toBe(false)
  })
})

/** False for an ended process, even if it is still a zombie. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return !['', 'Z'].includes(stdout.trim().charAt(0))
}

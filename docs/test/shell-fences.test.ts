import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { BadFence, shellFences } from './shell/fences.ts'
import { faultOf } from './shell/reasons.ts'
import { runFence } from './shell/run.ts'

const root = path.resolve(import.meta.dirname, '../..')
const fence = (code: string, meta = ''): string => `# Page\n\n\`\`\`bash ${meta}\n${code}\n\`\`\`\n`
const only = (code: string, meta = '') => shellFences('page.md', fence(code, meta))[0]!

describe('reading the shell lines of a page', () => {
  it('takes each command with its place, and neither comments nor blanks', () => {
    expect(only('# first\necho a\n\necho b').lines).toEqual([
      { at: 5, text: 'echo a', reason: undefined },
      { at: 7, text: 'echo b', reason: undefined },
    ])
  })

  it('takes a command over several lines as one', () => {
    expect(only('echo a \\\n  b\necho c').lines.map((line) => line.text)).toEqual([
      'echo a \\\n  b',
      'echo c',
    ])
  })

  it('finds a block in a list, in a quotation, and under any of the three names', () => {
    const page =
      '- a\n\n  ```sh\n  echo a\n  ```\n\n> ```shell\n> echo b\n> ```\n\n~~~bash\necho c\n~~~\n'
    expect(shellFences('page.md', page).flatMap((f) => f.lines.map((line) => line.text))).toEqual([
      'echo a',
      'echo b',
      'echo c',
    ])
  })

  it('takes a reason for a whole block, or for one line', () => {
    expect(only('echo a', 'no-run="for a reason"').lines[0]!.reason).toBe('for a reason')
    expect(
      only('echo a\necho b # not run: for another').lines.map((line) => [line.text, line.reason]),
    ).toEqual([
      ['echo a', undefined],
      ['echo b', 'for another'],
    ])
  })

  it.each([
    ['an empty reason', fence('echo a', 'no-run=""')],
    ['a word it does not know', fence('echo a', 'norun="a long and honest reason"')],
    ['words without a key', fence('echo a', 'no-run')],
    ['a block that is only comments', fence('# nothing')],
    ['a block without a language', '```\nnpm test\n```\n'],
    ['an indented block', 'text\n\n    npm test\n'],
    ['a shell by another name', '```console\n$ npm test\n```\n'],
  ])('refuses %s', (_, page) => {
    expect(() => shellFences('page.md', page)).toThrow(BadFence)
  })
})

describe('a reason for not running a line', () => {
  it('must say something', () => {
    expect(faultOf(root, 'too slow')).toMatch('too short')
    expect(faultOf(root, 'starts a server that stays in the foreground')).toBeUndefined()
  })

  it('must not lean on a test that is gone', () => {
    expect(faultOf(root, 'covered by docs/test/shell-fences.test.ts, line by line')).toBeUndefined()
    expect(faultOf(root, 'covered by docs/test/no-such.test.ts, line by line')).toMatch(
      'no-such.test.ts',
    )
    expect(faultOf(root, 'waits for stdin and/or a person at the keyboard')).toBeUndefined()
  })
})

describe('running the shell lines of a page', () => {
  const run = (code: string, meta = '') => runFence(only(code, meta), tmpdir(), process.env)

  it('runs them in one shell', async () => {
    expect(await run('A=1\ntest "$A" = 1')).toMatchObject({ code: 0, at: 5 })
  })

  it('stops at the first that fails, and says which it was', async () => {
    expect(await run('true\nfalse\necho never')).toMatchObject({ code: 1, at: 5, output: '' })
  })

  it('sees a failure in the middle of a pipe', async () => {
    expect((await run('false | cat')).code).toBe(1)
  })

  it('leaves out what carries a reason', async () => {
    expect(await run('echo a\nexit 3 # not run: it would end the shell')).toMatchObject({
      code: 0,
      output: 'a\n',
    })
  })

  it('cuts off what does not end, with all it has started', async () => {
    const outcome = await run('sleep 600 & echo $!; wait', 'seconds=1')
    expect(outcome.code).toBeUndefined()
    const child = Number(outcome.output.trim())
    await expect.poll(() => isAlive(child)).toBe(false)
  })
})

/** Gone, or dead and only not yet buried by whoever inherited it. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return !['', 'Z'].includes(stdout.trim().charAt(0))
}

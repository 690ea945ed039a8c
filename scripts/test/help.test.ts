import { describe, expect, it } from 'vitest'
import { threshold } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

const COMMANDS = [
  'start',
  'doctor',
  'stage',
  'lab',
  'stages',
  'migrate',
  'test',
  'bench',
  'prefetch',
  'reset',
  'docs',
  'check',
]

describe('help', { timeout: 120_000 }, () => {
  it('lists every command, with examples', async () => {
    const { code, stdout } = await threshold(['--help'])
    expect(code).toBe(0)
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    expect(stdout).toContain('Examples:')
  })

  it.each([...COMMANDS, 'stages list', 'stages diff', 'stages check'])(
    'of %s gives an example',
    async (words) => {
      const { code, stdout, stderr } = await runInProcess([...words.split(' '), '--help'])
      expect(stdout).toMatch(/^Usage: threshold /)
      expect(stdout).toMatch(/^Examples?:$/m)
      expect(stderr).toBe('')
      expect(code).toBe(0)
    },
  )

  it('is what a command line without a command gets', async () => {
    const { code, stderr } = await threshold([])
    expect(stderr).toContain('Usage: threshold COMMAND')
    expect(code).toBe(2)
  })
})

describe('an unknown word', { timeout: 120_000 }, () => {
  it.each([
    {
      what: 'command',
      args: ['docter'],
      says: /^UNKNOWN_COMMAND: .*docter.*did you mean doctor\?/,
      next: 'npx threshold --help',
    },
    {
      what: 'subcommand',
      args: ['stages', 'chek'],
      says: /^UNKNOWN_COMMAND: .*did you mean check\?/,
      next: 'npx threshold stages --help',
    },
    {
      what: 'option',
      args: ['stage', '1', '--prot', '1'],
      says: /^UNKNOWN_OPTION: .*did you mean --port\?/,
      next: 'npx threshold stage --help',
    },
    {
      what: 'stage',
      args: ['stage', '7'],
      says: /^UNKNOWN_STAGE: there is no stage 7; there are 1, 2$/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'stage to come',
      args: ['stage', '3'],
      says: /^UNKNOWN_STAGE: stage 3 is not built yet; there are 1, 2$/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'lab by a number',
      args: ['lab', '9.9'],
      says: /^UNKNOWN_LAB: there is no lab 9\.9; there are 1\.1, 1\.2, .*2\.6$/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'lab of a stage',
      args: ['lab', '1.9'],
      says: /^UNKNOWN_LAB: there is no lab 1\.9; there are 1\.1/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'lab to come',
      args: ['lab', '4.1'],
      says: /^UNKNOWN_LAB: lab 4\.1 is not built yet, because stage 4 is not; there are 1\.1/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'stage to compare with, to come',
      args: ['stages', 'diff', '2', '3'],
      says: /^UNKNOWN_STAGE: stage 3 is not built yet/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'migration',
      args: ['migrate', 'mongo-casandra'],
      says: /^UNKNOWN_MIGRATION: .*did you mean mongo-cassandra\?/,
      next: 'npx threshold migrate',
    },
    {
      what: 'step',
      args: ['migrate', 'mongo-cassandra', 'cutovr'],
      says: /^UNKNOWN_STEP: .*did you mean cutover\?/,
      next: 'npx threshold migrate --help',
    },
    {
      what: 'stage to compare',
      args: ['stages', 'diff', '1', '9'],
      says: /^UNKNOWN_STAGE: there is no stage 9;/,
      next: 'npx threshold stages list',
    },
    {
      what: 'stage to test',
      args: ['test', '8'],
      says: /^UNKNOWN_STAGE: there is no stage 8;/,
      next: 'npx threshold stages list',
    },
    {
      what: 'engine',
      args: ['stage', '1', '--engine', 'dokcer'],
      says: /^INVALID_ARGUMENT: .*did you mean docker\?/,
      next: 'npx threshold stage --help',
    },
    {
      what: 'lab',
      args: ['lab', '1.l'],
      says: /^UNKNOWN_LAB: .*"1\.l".*did you mean 1\.1\?/,
      next: 'npx threshold lab list',
    },
    {
      what: 'bench',
      args: ['bench', 'nosuchbench'],
      says: /^UNKNOWN_BENCH: .*"nosuchbench"/,
      next: 'npx threshold bench',
    },
  ])(
    'as a $what is answered with the nearest and the next step, and no stack',
    async ({ args, says, next }) => {
      const { code, stdout, stderr } = await runInProcess(args)
      expect(stderr).toMatch(says)
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(`  → ${next}`)
      expect(stderr).not.toMatch(/^\s+at /m)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    },
  )

  it.each(['-1', '70000', '80a', ''])('as a port (%j) is refused with the bounds', async (port) => {
    const { code, stderr } = await runInProcess(['stage', '1', `--port=${port}`])
    expect(stderr).toContain('whole number from 0 to 65535')
    expect(code).toBe(2)
  })

  it('is told by the command itself, with the code that it exits with', async () => {
    const { code, stdout, stderr } = await threshold(['stage', '7'])
    expect(stderr).toMatch(/^UNKNOWN_STAGE: .*\n {2}→ npx threshold stages list\n$/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('comes with a stack when THRESHOLD_DEBUG asks for it', async () => {
    const { stderr } = await threshold(['stage', '7'], { env: { THRESHOLD_DEBUG: '1' } })
    expect(stderr).toMatch(/^\s+at /m)
  })
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadLabEntries } from '@threshold/lab-kit'
import { expect, it } from 'vitest'
import { temporaryFolder } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

it('next --recorded leads through all labs, from no progress, without an engine', async () => {
  await using folder = await temporaryFolder()
  const cache = join(folder.path, 'cache')
  const env = { THRESHOLD_OUTPUT: folder.path, THRESHOLD_CACHE: cache }
  const walked: string[] = []
  for (;;) {
    const next = JSON.parse((await runInProcess(['next', '--recorded', '--json'], env)).stdout)
    if (next.finished) break
    expect(next.command).toBe(`npx threshold lab ${next.lab} --recorded`)
    expect(walked).not.toContain(next.lab)
    walked.push(next.lab)
    await play(next.command, env)
  }
  expect(walked).toEqual((await loadLabEntries()).map(({ lab }) => lab.id))
  expect(existsSync(cache)).toBe(false)
})

async function play(command: string, env: Readonly<Record<string, string>>): Promise<void> {
  const [, , ...words] = command.split(' ')
  const { code, stdout, stderr } = await runInProcess([...words, '--no-predict', '--json'], env)
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ recorded: true, verdict: 'supported' })
}

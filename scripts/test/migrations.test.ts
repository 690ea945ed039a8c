import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { listStages } from '@threshold/engines'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../src/migrations.ts'

describe.each(MIGRATIONS)('the migration $name', ({ stage, program, steps }) => {
  it('has the same steps as its migrator', async () => {
    const { dir } = (await listStages()).find((candidate) => candidate.stage === stage)!
    const message = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [join(dir, program), 'no-such-step'],
        { env: {} },
        (_error, _out, stderr) => resolve(stderr),
      )
    })
    const [, listed = ''] = /step: [^;]*expected one of ([^;\n]+)/.exec(message) ?? []
    expect(listed.match(/[\w-]+/g)).toEqual(steps)
  })
})

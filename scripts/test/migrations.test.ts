import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { listStages } from '@threshold/engines'
import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../src/migrations.ts'

describe.each(MIGRATIONS)('the migration $name', ({ stage, program, steps }) => {
  it('offers the steps that its migrator knows, and no others', async () => {
    const { dir } = (await listStages()).find((one) => one.stage === stage)!
    const said = await new Promise<string>((answer) => {
      execFile(
        process.execPath,
        [join(dir, program), 'no-such-step'],
        { env: {} },
        (_error, _out, stderr) => answer(stderr),
      )
    })
    const [, listed = ''] = /step: [^;]*expected one of ([^;\n]+)/.exec(said) ?? []
    expect(listed.match(/[\w-]+/g)).toEqual(steps)
  })
})

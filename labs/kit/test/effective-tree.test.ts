import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../src/labs.ts'
import { effectiveTree, importsOf } from '../src/run/effective-tree.ts'

const folders: string[] = []

const FILES: Record<string, string> = {
  'package-lock.json': '{}',
  'stages/1-x/stage.json': '{"stage":1}',
  'stages/1-x/src/main.ts':
    "import { a } from './a.ts'\nimport type { C } from './c.ts'\nimport express from 'express'\nexport const main = (c: C) => [a, express, c]\n",
  'stages/1-x/src/a.ts': "export * from './b.ts'\nexport const a = 1\n",
  'stages/1-x/src/b.ts': "export const b = () => import('./d.ts')\n",
  'stages/1-x/src/c.ts': 'export interface C { c: 1 }\n',
  'stages/1-x/src/d.ts': "import { a } from './a.ts'\nexport const d = a\n",
  'stages/1-x/src/unused.ts': 'export const unused = 1\n',
}

async function repository(change: Record<string, string> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'threshold-tree-'))
  folders.push(root)
  for (const [file, content] of Object.entries({ ...FILES, ...change })) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), content)
  }
  return root
}

const hashOf = async (root: string): Promise<string> =>
  (await effectiveTree(root, join(root, 'stages/1-x'))).hash

afterEach(async () => {
  await Promise.all(folders.splice(0).map((dir) => rm(dir, { recursive: true, force: true })))
})

describe('an effective tree', () => {
  it('contains static, dynamic, type-only and re-exported imports, stage.json and the lockfile', async () => {
    const root = await repository()
    expect((await effectiveTree(root, join(root, 'stages/1-x'))).files).toEqual([
      'package-lock.json',
      'stages/1-x/src/a.ts',
      'stages/1-x/src/b.ts',
      'stages/1-x/src/c.ts',
      'stages/1-x/src/d.ts',
      'stages/1-x/src/main.ts',
      'stages/1-x/stage.json',
    ])
  })

  it('changes its hash with each of its files, and with no other file', async () => {
    const before = await hashOf(await repository())
    for (const file of Object.keys(FILES)) {
      const after = await hashOf(await repository({ [file]: `${FILES[file]}\n` }))
      if (file.endsWith('unused.ts')) expect(after).toBe(before)
      else expect(after, file).not.toBe(before)
    }
  })

  it('has the same hash wherever the repository is', async () => {
    expect(await hashOf(await repository())).toBe(await hashOf(await repository()))
  })

  it('of stage 1 contains shared packages, but neither tests nor third-party packages', async () => {
    const { files } = await effectiveTree(REPOSITORY, join(REPOSITORY, 'stages/1-monolith-mongodb'))
    expect(files).toContain('stages/common/contract/src/snowflake.ts')
    expect(files).toContain('stages/1-monolith-mongodb/src/compose.ts')
    expect(files.filter((file) => /node_modules|\/test\//.test(file))).toEqual([])
  })

  it('ignores text that looks like an import', () => {
    expect(
      importsOf(
        'x.ts',
        "const text = `import './not.ts'`\n// import './nor.ts'\nimport './yes.ts'\n",
      ),
    ).toEqual(['./yes.ts'])
  })
})

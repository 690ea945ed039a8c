import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { threshold } from '../../scripts/test/cli.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(ROOT, 'docs/docs/commands.md'), 'utf8')

it('the page of commands lists exactly the existing commands', async () => {
  const { stdout } = await threshold(['--help'])
  const commands = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('Examples:'))
  const existing = [...commands.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]!)
  const listed = [...page.matchAll(/^\| `([a-z]+)/gm)].map((match) => match[1]!)
  expect(existing.length).toBeGreaterThan(5)
  expect(listed.toSorted()).toEqual(existing.toSorted())
})

it('the page of commands names only variables that the code reads', () => {
  const code = globSync(['scripts/**/*.{ts,mjs}', 'infra/engines/src/**/*.ts'], { cwd: ROOT })
    .filter((file) => !file.includes('node_modules'))
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n')
  expect(
    [...new Set(page.match(/\bTHRESHOLD_[A-Z_]+/g))].filter((name) => !code.includes(name)),
  ).toEqual([])
})

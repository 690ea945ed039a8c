import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

const unique = (text: string, pattern: RegExp): string[] => [...new Set(text.match(pattern))].sort()

/** The README of a stage lists its settings and metrics. It must stay in step with the code. */
describe.each(globSync('stages/[0-9]-*/README.md', { cwd: ROOT }))('%s', (page) => {
  const folder = path.dirname(page)
  const own = globSync(`${folder}/src/**/*.ts`, { cwd: ROOT }).map(read).join('\n')
  const shared = ['infra/kit/src/**/*.ts', 'stages/common/*/src/**/*.ts']
  if (own.includes("'@threshold/migration'")) shared.push('stages/migration/src/**/*.ts')
  const sources = [own, ...globSync(shared, { cwd: ROOT }).map(read)].join('\n')

  it('names exactly the variables of the configuration', () => {
    // A later stage extends the configuration of the stage before.
    const configuration = [
      ...globSync('stages/[0-9]-*/src/config.ts', { cwd: ROOT })
        .filter((file) => file <= `${folder}/src/config.ts`)
        .map(read),
      read('stages/1-monolith-mongodb/src/http/environment.ts'),
    ].join('\n')
    expect(unique(read(page), /THRESHOLD_[A-Z_]+/g)).toEqual(
      unique(configuration, /THRESHOLD_[A-Z_]+/g),
    )
  })

  it('names exactly the metrics of the code', () => {
    expect(unique(read(page), /threshold_[a-z_]+/g)).toEqual(
      unique(sources, /(?<=name: ')threshold_[a-z_]+/g),
    )
  })

  it('links to every adapter of the stage', () => {
    const adapters = globSync(`${folder}/src/adapters/*.ts`, { cwd: ROOT }).map((file) =>
      path.basename(file, '.ts'),
    )
    const missing = adapters.filter(
      (name) => !read(page).includes(name) && !name.endsWith('.typescript'),
    )
    expect(missing).toEqual([])
  })
})

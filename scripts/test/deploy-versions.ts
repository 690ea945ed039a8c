import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Folder, ROOT, temporaryFolder } from './cli.ts'

/** A copy of what a stage runs. Its packages are its own, and the rest is linked. */
export interface Checkout extends Folder {
  /** Replaces a text that occurs in the file. */
  edit(file: string, from: string, to: string): Promise<void>
}

export async function copyCheckout(): Promise<Checkout> {
  const folder = await temporaryFolder()
  const { path } = folder
  for (const part of ['stages', 'infra', 'package.json', 'node_modules/@threshold'])
    await cp(join(ROOT, part), join(path, part), { recursive: true, verbatimSymlinks: true })
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (name !== '@threshold')
      await symlink(join(ROOT, 'node_modules', name), join(path, 'node_modules', name))
  return {
    ...folder,
    async edit(file, from, to) {
      const text = await readFile(join(path, file), 'utf8')
      expect(text, file).toContain(from)
      await writeFile(join(path, file), text.replace(from, to))
    },
  }
}

/** A copy of the repository whose packages are links to another one. */
export async function linkedCheckout(): Promise<Folder> {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, 'infra'))
  for (const part of ['stages', 'infra/kit'])
    await cp(join(ROOT, part), join(folder.path, part), { recursive: true, verbatimSymlinks: true })
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'))
  return folder
}

const DOMAIN = 'stages/common/domain/src/guild'
const STAGE_3 = 'stages/3-gateway-guilds/src'
export const NEW_ANSWER = '404: Not Found, says the next version'

/**
 * Changes an answer of the api, adds a field to the state of a guild, and one to the answer of a
 * guild host that the api then shows.
 */
export async function makeNext({ edit }: Checkout): Promise<void> {
  await edit('stages/common/contract/src/api-error.ts', '404: Not Found', NEW_ANSWER)
  await edit(
    `${DOMAIN}/evolve.ts`,
    'return { ...state, guild: event.guild }',
    'return { ...state, guild: event.guild, renames: (state.renames ?? 0) + 1 }',
  )
  await edit(
    `${STAGE_3}/wire/hub.ts`,
    'z.object({ view: objectOf<GuildView>().optional() })',
    'z.object({ view: objectOf<GuildView>().optional(), renames: z.int().optional() })',
  )
  await edit(
    `${STAGE_3}/actors/handlers.ts`,
    'return view ? { view } : {}',
    'return view ? { view, renames: guilds.loaded(guild)?.guild.state.renames } : {}',
  )
  await edit(
    `${STAGE_3}/adapters/guild-hub.nats.ts`,
    "(await hub.request(guild, 'view', { guild, user }, deadline)).view",
    `hub.request(guild, 'view', { guild, user }, deadline).then(({ view, renames }) =>
        view && renames
          ? { ...view, guild: { ...view.guild, name: view.guild.name + ', renamed ' + renames } }
          : view)`,
  )
}

export const neverReady = ({ edit }: Checkout): Promise<void> =>
  edit(
    `${STAGE_3}/api/compose.ts`,
    'const readiness = [',
    "const readiness = [{ name: 'the test', reason: () => 'it never is' }, ",
  )

export const broken = ({ edit }: Checkout): Promise<void> =>
  edit(`${STAGE_3}/main.ts`, 'const roles =', "throw new Error('a broken version')\nconst roles =")

import { setTimeout as delay } from 'node:timers/promises'
import { type OnProgress, runCommand, spawnRegistered, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { DOCS_FOLDER, DOCUSAURUS, installDocsPackages } from './docs-packages.ts'

const POLL_MS = 100

export async function buildSite(onProgress: OnProgress): Promise<void> {
  await installDocsPackages(onProgress)
  onProgress({ text: 'building the site, under a minute' })
  await runCommand({
    title: 'the docs site',
    command: process.execPath,
    args: [DOCUSAURUS, 'build'],
    cwd: DOCS_FOLDER,
    // All clones on this machine share the packages. A cache in their folder would mix clones.
    env: { DOCUSAURUS_NO_PERSISTENT_CACHE: 'true' },
    onLine: (text) => onProgress({ text }),
    next: 'cd docs && npm run build',
  })
}

/**
 * Serves the built site until interrupted. The server is a registered process of its own: it ends
 * with this one, or at the next sweep.
 */
export async function serveSite(
  port: number,
  interrupted: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const args = [DOCUSAURUS, 'serve', '--host', '127.0.0.1', '--port', String(port), '--no-open']
  const { child, identity, registration, closed } = await spawnRegistered({
    role: 'docs',
    text: 'the server of the docs site',
    ports: [port],
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args,
    spawn: { cwd: DOCS_FOLDER, stdio: 'ignore', detached: true },
  })
  await using _ = registration
  const end = (): void => void terminate(identity, { group: true })
  interrupted.addEventListener('abort', end, { once: true })
  while (child.exitCode === null && !interrupted.aborted && !(await answers(port)))
    await delay(POLL_MS)
  if (child.exitCode === null && !interrupted.aborted) onReady()
  await closed
  interrupted.throwIfAborted()
  throw new CodedError('DOCS_NOT_SERVED', 'the server of the docs site ended by itself', {
    next: 'cd docs && npm run serve',
  })
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    () => false,
  )

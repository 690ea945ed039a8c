import { setTimeout as delay } from 'node:timers/promises'
import {
  freePort,
  type OnProgress,
  runCommand,
  spawnRegistered,
  terminate,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { DocsOptions } from '../commands/docs.ts'
import type { Context } from '../context.ts'
import { DOCS, DOCUSAURUS, installDocs } from '../docs-site.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import { requirePort, requireTree } from '../preflight.ts'

const PORT = 3_010
const LOOK_EVERY_MS = 100

export async function docs({ terminal }: Context, { port = PORT }: DocsOptions): Promise<void> {
  const at = port === 0 ? await freePort() : port
  await requirePort({ port: at, by: '--port' })
  await requireTree(DOCS, 'the docs site')
  await interruptible('docs', terminal, async (interrupted) => {
    {
      using progress = terminal.progress('looking at the packages of the docs site')
      await unlessInterrupted(interrupted, build(progress.step))
    }
    await serve(at, interrupted, () => terminal.print(`ready http://127.0.0.1:${at}`))
  })
}

async function build(onProgress: OnProgress): Promise<void> {
  await installDocs(onProgress)
  onProgress({ text: 'building the site, under a minute' })
  const onLine = (text: string): void => onProgress({ text })
  await runCommand({
    title: 'the docs site',
    command: process.execPath,
    args: [DOCUSAURUS, 'build'],
    cwd: DOCS,
    // Its packages are shared by all clones of this machine, and a cache among them would be of
    // several trees at once.
    env: { DOCUSAURUS_NO_PERSISTENT_CACHE: 'true' },
    onLine,
    next: 'cd docs && npm run build',
  })
}

/**
 * Until it is interrupted. A process of its own, registered: it ends with this one, or at the next
 * sweep.
 */
async function serve(port: number, interrupted: AbortSignal, ready: () => void): Promise<void> {
  const args = [DOCUSAURUS, 'serve', '--host', '127.0.0.1', '--port', String(port), '--no-open']
  const { child, identity, run, closed } = await spawnRegistered({
    role: 'docs',
    text: 'the server of the docs site',
    ports: [port],
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args,
    spawn: { cwd: DOCS, stdio: 'ignore', detached: true },
  })
  await using _ = run
  const end = (): void => void terminate(identity, { group: true })
  interrupted.addEventListener('abort', end, { once: true })
  while (child.exitCode === null && !interrupted.aborted && !(await answers(port)))
    await delay(LOOK_EVERY_MS)
  if (child.exitCode === null && !interrupted.aborted) ready()
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

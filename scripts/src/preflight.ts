import { listenError, requireDisk, requireWritable, runningStages } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/**
 * Commands check their needs here before they start anything, because starting a database only to
 * stop it again costs a minute.
 */

const LOOPBACK = '127.0.0.1'

export interface WantedPort {
  readonly port: number
  /** The option or environment variable that names the port. */
  readonly source: string
  readonly host?: string
}

export async function requirePort({ port, source, host = LOOPBACK }: WantedPort): Promise<void> {
  const code = await listenError(port, host)
  if (code === undefined) return
  const suggestion = source === '--port' ? `--port ${port < 1_024 ? 3_000 : port + 1}` : source
  const next = `choose another: ${suggestion}; 0 takes any free one`
  if (code === 'EADDRINUSE') {
    const stage = (await runningStages()).find(({ url }) => new URL(url).port === String(port))
    const owner =
      stage === undefined
        ? `another program listens on ${host}:${port}`
        : `stage ${stage.stage} of Threshold serves there`
    throw new CodedError('PORT_TAKEN', `port ${port} (${source}) is taken: ${owner}`, { next })
  }
  if (code === 'EACCES' || code === 'EPERM')
    throw new CodedError(
      'PORT_FORBIDDEN',
      `this user may not listen on port ${port} (${source}): ports below 1024 need root`,
      { next },
    )
  throw new CodedError(
    'BAD_HOST',
    `nothing can listen on ${host} (THRESHOLD_HOST): this machine has no such address (${code})`,
    { next: `unset THRESHOLD_HOST, or set it to ${LOOPBACK} or ::1` },
  )
}

/** Checks the port of the command line, and the port for voice that the environment names. */
export async function requireStagePorts(
  port: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const host = env.THRESHOLD_HOST || LOOPBACK
  const voice = Number(env.THRESHOLD_VOICE_PORT || 0)
  if (voice !== 0 && voice === port)
    throw new CodedError('PORT_TAKEN', `--port and THRESHOLD_VOICE_PORT are both ${voice}`, {
      next: 'choose two different ports',
    })
  await requirePort({ port: port ?? 0, source: '--port', host })
  // The stage itself rejects an invalid value, by the name of the variable.
  const isPort = Number.isInteger(voice) && voice >= 0 && voice <= 65_535
  await requirePort({ port: isPort ? voice : 0, source: 'THRESHOLD_VOICE_PORT', host })
}

/** Reports, checkpoints and the docs site take a few megabytes, raw samples some tens. */
const OUTPUT_MB = 50

/** Checks the folder of the repository that the command writes `output` into. */
export async function requireOutputFolder(folder: string, output: string): Promise<void> {
  const next = 'run it in a clone that you can write in: git clone . ~/threshold && cd ~/threshold'
  await requireWritable(folder, output, next)
  const freeSpace = 'free some space on it, then run the same command again'
  await requireDisk(folder, OUTPUT_MB, output, freeSpace)
}

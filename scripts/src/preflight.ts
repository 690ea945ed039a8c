import { listenError, requireDisk, requireWritable, runningStages } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/**
 * A command checks here what it needs before it starts anything: a database that must be stopped
 * again costs a minute.
 */

const LOOPBACK = '127.0.0.1'

export interface WantedPort {
  readonly port: number
  /** Its source: `--port`, or a variable. */
  readonly by: string
  readonly host?: string
}

export async function requirePort({ port, by, host = LOOPBACK }: WantedPort): Promise<void> {
  const code = await listenError(port, host)
  if (code === undefined) return
  const another = `choose another: ${by === '--port' ? `--port ${port < 1_024 ? 3_000 : port + 1}` : by}; 0 takes any free one`
  if (code === 'EADDRINUSE') {
    const mine = (await runningStages()).find(({ url }) => new URL(url).port === String(port))
    const who =
      mine === undefined
        ? `another program listens on ${host}:${port}`
        : `stage ${mine.stage} of Threshold serves there`
    throw new CodedError('PORT_TAKEN', `port ${port} (${by}) is taken: ${who}`, { next: another })
  }
  if (code === 'EACCES' || code === 'EPERM')
    throw new CodedError(
      'PORT_FORBIDDEN',
      `port ${port} (${by}) is not for this user: ports below 1024 are root's`,
      { next: another },
    )
  const why = `nothing can listen on ${host} (THRESHOLD_HOST): it is no address of this machine (${code})`
  throw new CodedError('BAD_HOST', why, {
    next: `unset THRESHOLD_HOST, or set it to ${LOOPBACK} or ::1`,
  })
}

/** The ports of a stage: the one on the command line, and those that the environment names. */
export async function requireStagePorts(
  port: number | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const host = env.THRESHOLD_HOST || LOOPBACK
  const voice = Number(env.THRESHOLD_VOICE_PORT || 0)
  // The stage itself refuses a value that is no port, by the name of the variable.
  const given = [
    { port: port ?? 0, by: '--port', host },
    {
      port: Number.isInteger(voice) && voice >= 0 && voice <= 65_535 ? voice : 0,
      by: 'THRESHOLD_VOICE_PORT',
      host,
    },
  ]
  if (voice !== 0 && voice === port)
    throw new CodedError('PORT_TAKEN', `--port and THRESHOLD_VOICE_PORT are both ${voice}`, {
      next: 'choose two different ports',
    })
  for (const wanted of given) await requirePort(wanted)
}

const TREE_NEXT =
  'run it in a clone that you can write in: git clone . ~/threshold && cd ~/threshold'

/** Reports, checkpoints and sites are a few megabytes, and raw samples some tens. */
const RESULTS_MB = 50

/** The folder in the tree that the command writes into. */
export async function requireTree(folder: string, what: string): Promise<void> {
  await requireWritable(folder, what, TREE_NEXT)
  await requireDisk(
    folder,
    RESULTS_MB,
    what,
    'free some space on it, then run the same command again',
  )
}

import {
  type Msg,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node'
import {
  CodedError,
  type Deadline,
  deadlineAfter,
  deadlineExceeded,
  decodeJson,
  encodeJson,
  hasCode,
  messageOf,
  type Runtime,
  remainingMs,
  unavailable,
} from '@threshold/kit'
import { Counter } from 'prom-client'
import { z } from 'zod'

/** The versions of requests and replies that a role sends and accepts. */
export interface WireVersions {
  readonly sends: number
  readonly accepts: readonly number[]
}

/**
 * A new field is no new version: a role that does not know it ignores it. Any other change takes
 * two releases. The first one accepts the new version too, and the second one sends it. So the
 * roles of two releases in a row understand each other, in whatever order they are deployed.
 */
const VERSIONS: WireVersions = { sends: 1, accepts: [1] }

const requestSchema = z.object({
  v: z.int(),
  /** Milliseconds that the caller waits. Clocks of machines differ, so it is no point in time. */
  budgetMs: z.number().positive(),
  trace: z.record(z.string(), z.string()).optional(),
  body: z.unknown(),
})
const replySchema = z.union([
  z.object({ v: z.int(), result: z.unknown() }),
  z.object({ v: z.int(), error: z.instanceof(CodedError) }),
])

/** One kind of request: its subject, and the shapes of its body and its result. */
export interface Operation<Body, Result> {
  readonly subject: string
  readonly body: z.ZodType<Body>
  readonly result: z.ZodType<Result>
}

export type Handler<Body, Result> = (body: Body, deadline: Deadline) => Promise<Result>

/** Requests between roles, over core NATS. Nothing is stored: a caller repeats what is lost. */
export interface Bus {
  /**
   * Rejects with the coded error of the other role; with `NO_RESPONDERS` if no process serves the
   * subject, so that the request had no effect; with `DEADLINE_EXCEEDED` if no answer came, and
   * with `UNAVAILABLE` if the connection to NATS failed.
   */
  request<Body, Result>(
    operation: Operation<Body, Result>,
    body: Body,
    deadline: Deadline,
  ): Promise<Result>
  /**
   * Answers requests, until it is disposed. Processes that name the same queue share them. A body
   * that does not fit the schema is refused with `BAD_MESSAGE`, and never reaches the handler.
   */
  serve<Body, Result>(
    operation: Operation<Body, Result>,
    handler: Handler<Body, Result>,
    options?: { readonly queue?: string },
  ): Disposable
}

export const createBus = (
  connection: NatsConnection,
  { log, telemetry, clock }: Pick<Runtime, 'log' | 'telemetry' | 'clock'>,
  { sends: v, accepts }: WireVersions = VERSIONS,
): Bus => {
  /** Undefined for bytes that are not JSON of this shape, or of a version that is not accepted. */
  function read<T extends { v: number }>(schema: z.ZodType<T>, data: Uint8Array): T | undefined {
    try {
      const parsed = schema.parse(decodeJson(data))
      return accepts.includes(parsed.v) ? parsed : undefined
    } catch {
      return undefined
    }
  }
  const refused = new Counter({
    name: 'threshold_bus_refused_total',
    help: 'Messages refused for their form or version, by the first word of the subject.',
    labelNames: ['subject'],
    registers: [telemetry.registry],
  })

  const countRefused = (subject: string): void => refused.inc({ subject: subject.split('.')[0]! })

  const answer = async <Body, Result>(
    { subject, body: bodySchema }: Operation<Body, Result>,
    handler: Handler<Body, Result>,
    message: Msg,
  ): Promise<unknown> => {
    const request = read(requestSchema, message.data)
    const body = request && bodySchema.safeParse(request.body)
    if (!body?.success) {
      countRefused(subject)
      throw new CodedError('BAD_MESSAGE', `a message on ${subject} is not valid`, {
        next: 'check that all roles run this version or the one before',
      })
    }
    const deadline = deadlineAfter(request!.budgetMs, clock)
    return telemetry.continueTrace(request!.trace, () => handler(body.data, deadline))
  }

  return {
    async request({ subject, result }, body, deadline) {
      const budgetMs = remainingMs(deadline)
      const trace = telemetry.carrier()
      const payload = encodeJson({ v, budgetMs, trace, body })
      const message = await connection
        .request(subject, payload, { timeout: budgetMs })
        .catch((error: unknown) => {
          throw toCodedError(subject, error)
        })
      const reply = read(replySchema, message.data)
      if (reply && 'error' in reply) throw reply.error
      const parsed = reply && result.safeParse(reply.result)
      if (parsed?.success) return parsed.data
      countRefused(subject)
      throw unavailable(`a valid answer on ${subject}`)
    },

    serve(operation, handler, { queue } = {}) {
      const subscription = connection.subscribe(operation.subject, {
        ...(queue === undefined ? {} : { queue }),
        callback(error, message) {
          if (error) return log.warn({ err: messageOf(error) }, 'a subscription of the bus')
          answer(operation, handler, message)
            .then((result) => message.respond(encodeJson({ v, result })))
            .catch((cause: unknown) => {
              if (!hasCode(cause)) log.error({ err: cause }, `a request on ${operation.subject}`)
              const error = hasCode(cause) ? cause : unavailable(operation.subject)
              message.respond(encodeJson({ v, error }))
            })
        },
      })
      return { [Symbol.dispose]: () => subscription.unsubscribe() }
    },
  }
}

function toCodedError(subject: string, error: unknown): CodedError {
  const noResponders =
    error instanceof NoRespondersError ||
    (error instanceof RequestError && error.cause instanceof NoRespondersError)
  if (noResponders) return new CodedError('NO_RESPONDERS', `no process serves ${subject}`)
  if (error instanceof TimeoutError || (error as Error).cause instanceof TimeoutError)
    return deadlineExceeded(subject, error)
  return unavailable('NATS', error)
}

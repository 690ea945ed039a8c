import { refuse } from '@threshold/contract'
import type { Runtime } from '@threshold/kit'
import express, { type Request, type RequestHandler, type Router } from 'express'
import { admissions } from './admission-lanes.ts'
import { bodyReader, requireJson } from './body.ts'
import { createContext, type RestPorts, type RestTools } from './context.ts'
import { type LimitConfig, rateLimit } from './rate-limit.ts'
import { errorHandler } from './respond.ts'
import { routeAdder } from './route.ts'
import { absentFeatureRoutes } from './routes/absent-features.ts'
import { channelRoutes } from './routes/channels.ts'
import { guildRoutes } from './routes/guilds.ts'
import { inviteRoutes } from './routes/invites.ts'
import { memberRoutes } from './routes/members.ts'
import { messageRoutes } from './routes/messages.ts'
import { reactionRoutes } from './routes/reactions.ts'
import { roleRoutes } from './routes/roles.ts'
import { searchRoutes } from './routes/search.ts'
import { userRoutes } from './routes/users.ts'
import { workshopRoutes } from './routes/workshop.ts'

export interface RestConfig {
  readonly limits: LimitConfig
  /** Adds the routes under `/workshop`, which make users. Off where strangers can reach them. */
  readonly provisioning: boolean
  /** Milliseconds a request may take before it is answered 503. */
  readonly budgetMs: number
}

/** Discord's REST API, as far as the contract goes. It uses ports alone. */
export function createRest(
  ports: RestPorts,
  tools: RestTools,
  config: RestConfig,
  runtime: Runtime,
): Router {
  const context = createContext(ports, tools, runtime)
  const guards = {
    identify: userOfToken(tools),
    limit: rateLimit(config.limits),
    readBody: bodyReader(),
    gatewayUrl: tools.gatewayUrl,
    budgetMs: config.budgetMs,
    admission: admissions(config, runtime),
  }
  const api = express.Router()
  const add = routeAdder(api, guards, runtime)
  userRoutes(add, context)
  guildRoutes(add, context)
  memberRoutes(add, context)
  roleRoutes(add, context)
  channelRoutes(add, context)
  messageRoutes(add, context)
  reactionRoutes(add, context)
  searchRoutes(add, context)
  inviteRoutes(add, context)
  absentFeatureRoutes(add, context)

  const router = express.Router()
  router.use(unescapeAtMe)
  if (config.provisioning) {
    router.use('/workshop', jsonOnly)
    workshopRoutes(routeAdder(router, guards, runtime), context)
  }
  router.use(['/api/v10', '/api/v9', '/api'], api)
  router.use(() => {
    throw refuse.notFound()
  })
  router.use(errorHandler(runtime))
  return router
}

const userOfToken =
  ({ tokens }: RestTools) =>
  ({ headers: { authorization } }: Request): string => {
    const user = authorization?.startsWith('Bot ') ? tokens.verify(authorization) : undefined
    if (user === undefined) throw refuse.unauthorized()
    return user
  }

/** Clients may escape the `@` of `/@me`, and JDA does. Express compares the path as it came. */
const unescapeAtMe: RequestHandler = (request, _response, next) => {
  request.url = request.url.replaceAll('/%40me', '/@me')
  next()
}

const jsonOnly: RequestHandler = (request, _response, next) => {
  requireJson(request)
  next()
}

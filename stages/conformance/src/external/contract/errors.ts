export const workshop = {
  title: 'Workshop routes',
  sentences: {
    'workshop.users':
      '`POST /workshop/users {username}` answers `{id, token}`. It is not part of Discord’s ' +
      'API.',
    'workshop.health':
      '`GET /healthz` and `GET /readyz` tell whether the stage runs and can serve.',
    'workshop.metrics': '`GET /metrics` answers in Prometheus’s text format.',
    'workshop.loopback':
      '`threshold stage` turns these routes on. A stage binds to loopback unless configured ' +
      'otherwise.',
    'workshop.off': 'A setting turns provisioning off.',
  },
} as const

export const errors = {
  title: 'Errors and limits',
  sentences: {
    'errors.shape': 'Errors have Discord’s shape `{code, message, errors?}`.',
    'errors.0':
      'A missing or invalid token is answered 401, an unknown route 404, both with code 0.',
    'errors.10003': 'An unknown channel is answered with code 10003.',
    'errors.10004': 'An unknown guild is answered with code 10004.',
    'errors.10006': 'An unknown invite is answered with code 10006.',
    'errors.10008': 'An unknown message is answered with code 10008.',
    'errors.10013': 'An unknown user is answered with code 10013.',
    'errors.50001': 'A resource that the user cannot view is answered with code 50001.',
    'errors.50005': 'An edit of another author’s message is answered with code 50005.',
    'errors.50006': 'An empty message is answered with code 50006.',
    'errors.50013': 'A missing permission is answered with code 50013.',
    'errors.50035':
      'An invalid form is answered with code 50035 and `errors.<field>._errors[].{code, ' +
      'message}`. So are 2,001 characters (`BASE_TYPE_MAX_LENGTH`), a `limit` of 0, 101 or ' +
      '`abc`, and an id that is not a snowflake.',
    'errors.unsupported':
      'An unsupported field is refused by name (400, code 50035). It is never dropped with a ' +
      '200.',
    'errors.unsupported.search': 'An unsupported search filter is refused in the same way.',
    'errors.50109': 'Malformed JSON is answered with code 50109.',
    limits:
      'Responses carry `X-RateLimit-*` headers. A request over the limit is answered 429 with ' +
      '`{message, retry_after, global}`. Limits are configuration, and generous by default.',
    nonce: '`enforce_nonce` deduplicates a retried send.',
  },
} as const

import { createApi } from './api.js'
import { chatPage } from './chat.js'
import { byId, onSubmit } from './dom.js'
import { createSession } from './session.js'

/**
 * The user of this tab. It is kept for the tab and not for the browser, so that two windows are two
 * users, and a reload is the same one. A product would not keep a token where scripts can read it.
 */
const IDENTITY_KEY = 'threshold.identity'
const SIGN_OUT_REASON_KEY = 'threshold.sign-out-reason'

const readIdentity = () => {
  try {
    return JSON.parse(sessionStorage.getItem(IDENTITY_KEY) ?? 'null') ?? undefined
  } catch {
    return undefined // written by an older version of the page
  }
}

/** The invite in the URL. Browsers do not send the part after `#`, so no server logs it. */
const inviteCode = () => new URLSearchParams(location.hash.slice(1)).get('invite') ?? undefined

const signIn = (identity) => {
  sessionStorage.setItem(IDENTITY_KEY, JSON.stringify(identity))
  enter(identity)
}

/** Reloads the page, so that no state of this user remains. */
const signOut = (reason) => {
  sessionStorage.removeItem(IDENTITY_KEY)
  if (reason) sessionStorage.setItem(SIGN_OUT_REASON_KEY, reason)
  location.reload()
}

function welcome() {
  byId('welcome').hidden = false
  byId('invited').hidden = inviteCode() === undefined
  const reason = sessionStorage.getItem(SIGN_OUT_REASON_KEY)
  sessionStorage.removeItem(SIGN_OUT_REASON_KEY)
  byId('signed-out').textContent = reason ?? ''
  byId('signed-out').hidden = reason === null
  byId('username').focus()
}

onSubmit(byId('sign-in'), async (form) => {
  const username = form.get('username').trim()
  try {
    const { id, token } = await createApi().newUser(username)
    signIn({ token, user: { id, username } })
  } catch (failure) {
    throw failure.status === 404
      ? new Error('This server does not create users. Use a token that you were given.')
      : failure
  }
})

onSubmit(byId('use-token'), async (form) => {
  const token = form.get('token').trim().replace(/^Bot /, '')
  try {
    const { id, username } = await createApi({ token }).me()
    signIn({ token, user: { id, username } })
  } catch (failure) {
    throw failure.status === 401 ? new Error('The server does not know this token.') : failure
  }
})

function enter({ token, user }) {
  byId('welcome').hidden = true
  byId('chat').hidden = false
  const onUnauthorized = () =>
    signOut('The server does not accept this token any more. Sign in again.')
  // The page needs the session, and the session calls the page. Calls before the page exists have
  // no effect.
  let page
  const session = createSession({
    token,
    user,
    onChange: () => page?.redraw(),
    onFrame: (direction, frame) => page?.addFrame(direction, frame),
    onState: (state) =>
      state.phase === 'refused' && state.code === 4004 ? onUnauthorized() : page?.showState(state),
    onUnauthorized,
  })
  page = chatPage(session, { signOut: () => signOut() })
  session.gateway.connect()
  const code = inviteCode()
  if (code !== undefined) {
    history.replaceState(null, '', location.pathname)
    page.join(code)
  }
}

const identity = readIdentity()
if (identity === undefined) welcome()
else enter(identity)

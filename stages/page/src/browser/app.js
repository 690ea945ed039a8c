import { createApi } from './api.js'
import { chatPage } from './chat.js'
import { byId, onSubmit } from './dom.js'
import { createSession } from './session.js'

/**
 * Who this tab is. Kept for the tab and not for the browser: two windows side by side are two
 * people, and a reload is the same one. A product would not keep a token where scripts can read it.
 */
const IDENTITY = 'threshold.identity'

const readIdentity = () => {
  try {
    return JSON.parse(sessionStorage.getItem(IDENTITY) ?? 'null') ?? undefined
  } catch {
    return undefined // written by an older page
  }
}

/**
 * An invite in the address: what follows `#` stays in the browser, so no log of any server holds
 * it.
 */
const invited = () => new URLSearchParams(location.hash.slice(1)).get('invite') ?? undefined

const signIn = (identity) => {
  sessionStorage.setItem(IDENTITY, JSON.stringify(identity))
  enter(identity)
}

/** Everything starts over with the page: no state of the old user can be left in the new one's. */
const signOut = (why) => {
  sessionStorage.removeItem(IDENTITY)
  if (why) sessionStorage.setItem('threshold.why', why)
  location.reload()
}

function welcome() {
  byId('welcome').hidden = false
  byId('invited').hidden = invited() === undefined
  const why = sessionStorage.getItem('threshold.why')
  sessionStorage.removeItem('threshold.why')
  byId('signed-out').textContent = why ?? ''
  byId('signed-out').hidden = why === null
  byId('username').focus()
}

onSubmit(byId('sign-in'), async (form) => {
  const username = form.get('username').trim()
  try {
    const { id, token } = await createApi().newUser(username)
    signIn({ token, user: { id, username } })
  } catch (failure) {
    throw failure.status === 404
      ? new Error('This server makes no users by itself. Use a token that you were given.')
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
  const refused = () => signOut('The server does not accept this token any more. Come in again.')
  // The page is made of the session and the session tells the page: whatever it says before the
  // page is there has no reader.
  let page
  const session = createSession({
    token,
    user,
    onChange: () => page?.changed(),
    onFrame: (direction, frame) => page?.frame(direction, frame),
    onState: (state) =>
      state.phase === 'refused' && state.code === 4004 ? refused() : page?.state(state),
    onUnauthorized: refused,
  })
  page = chatPage(session, { signOut: () => signOut() })
  session.gateway.connect()
  const code = invited()
  if (code !== undefined) {
    history.replaceState(null, '', location.pathname)
    page.join(code)
  }
}

const identity = readIdentity()
if (identity === undefined) welcome()
else enter(identity)

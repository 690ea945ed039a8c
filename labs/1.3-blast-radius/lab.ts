import { at, busyGuilds, count, defineLab, mention } from '@threshold/lab-kit'

/** The push title is cut after twenty UTF-16 code units, which splits the tree emoji in half. */
const SPLIT_EMOJI_NAME = 'Radia Perlman (STP)\u{1F333}'
const PLAIN_NAME = 'Radia Perlman (STP)'

export default defineLab({
  id: '1.3',
  title: 'Blast radius',
  question: 'What does one unhandled bug in notifications take down?',
  hypothesis:
    'Everything. In a monolith, push notifications share a process with messages, so one name that cannot be encoded takes down every guild and drops every socket.',
  minutes: { quick: 1, full: 2 },
  memory: '1 GB',

  load: busyGuilds({
    guilds: 10,
    online: 10,
    messagesPerSecond: 40,
    seconds: 6,
    seed: 7,
    timeoutSeconds: 2,
  }),
  arms: {
    // A user with an ordinary name mentions a member.
    harmless: { stage: 'stage-1', fault: at({ second: 1 }, mention({ displayName: PLAIN_NAME })) },
    // The user's name ends in an emoji. The variable gives this arm a stage of its own, so that the
    // push which remains in its outbox does not affect the other arm.
    crashing: {
      stage: 'stage-1',
      fault: at({ second: 1 }, mention({ displayName: SPLIT_EMOJI_NAME })),
      env: { THRESHOLD_WORKER: '1' },
    },
  },

  measure: { guildsDown: count.guildsWithLostOrLate(), socketsDropped: count.socketsDropped() },

  // The load has ten guilds with ten users each.
  expect: {
    harmless: ({ socketsDropped }) => socketsDropped.is(0),
    crashing: ({ guildsDown, socketsDropped }) => guildsDown.is(10).and(socketsDropped.is(100)),
  },

  control: {
    text: 'the name fits into the push title in both arms',
    fault: at({ second: 1 }, mention({ displayName: PLAIN_NAME })),
    failsOn: ['crashing: guilds down', 'crashing: sockets dropped'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 4, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 30, warmupSeconds: 3 } },
  },
})

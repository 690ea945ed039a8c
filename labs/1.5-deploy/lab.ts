import { at, busyGuilds, count, defineLab, mention, restart, time } from '@threshold/lab-kit'

const GUILDS = 5
const ONLINE = 20

export default defineLab({
  id: '1.5',
  title: 'Deploy',
  question: 'What does a restart cost?',
  hypothesis:
    'Every socket drops. The stage keeps no sessions over a restart, so every client identifies again. That takes at least two database reads per client, all at the same moment.',
  minutes: { quick: 1, full: 4 },
  memory: '1 GB',

  load: busyGuilds({
    guilds: GUILDS,
    online: ONLINE,
    messagesPerSecond: 5,
    seconds: 10,
    seed: 15,
    timeoutSeconds: 5,
    reconnect: true,
  }),
  arms: {
    // No restart.
    undisturbed: 'stage-1',
    deployed: { stage: 'stage-1', fault: at({ second: 2 }, restart('stage')) },
  },

  measure: {
    socketsDropped: count.socketsDropped(),
    socketsAway: count.socketsAway(),
    // An IDENTIFY reads the user, its guilds and its direct messages.
    readsToIdentify: count.storeOperations(/^(users\.get|guilds\.of-user|channels\.dms-of-user)$/),
    // Loading a guild into memory reads these once.
    readsToLoadGuilds: count.storeOperations(
      /^(guilds\.get|channels\.of-guild|members\.of-guild)$/,
    ),
    untilAllBack: time.untilAllBack(),
  },

  expect: {
    undisturbed: ({ socketsDropped, readsToLoadGuilds }) =>
      socketsDropped.is(0).and(readsToLoadGuilds.is(0)),
    deployed: ({ socketsDropped, socketsAway, readsToIdentify, readsToLoadGuilds }) =>
      socketsDropped
        .is(GUILDS * ONLINE)
        .and(socketsAway.is(0))
        .and(readsToIdentify.atLeast(2 * GUILDS * ONLINE))
        .and(readsToLoadGuilds.atLeast(GUILDS)),
  },

  control: {
    text: 'the stage is not restarted; a user mentions a member instead',
    fault: at({ second: 2 }, mention({ displayName: 'Ada' })),
    failsOn: ['deployed: sockets dropped'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 5, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 3, load: { seconds: 30, warmupSeconds: 3 } },
  },
})

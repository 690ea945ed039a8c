import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SidebarsConfig } from '@docusaurus/plugin-content-docs'
import { repository } from './src/plugins/repository.ts'

const repo = repository(fileURLToPath(new URL('..', import.meta.url)))

/**
 * A page's id is its path without the extension, since the docs plugin looks at the whole
 * repository.
 */
const page = (file: string): string => file.replace(/\.md$/, '')
const own = (name: string): string => `docs/docs/${name}`
/** Labs, stages and decisions come one after the other; each new one appears by being there. */
const all = (pattern: string): string[] =>
  repo
    .pages()
    .filter((file) => path.matchesGlob(file, pattern))
    .map(page)

export default {
  main: [
    own('index'),
    {
      type: 'category',
      label: 'The story',
      collapsed: false,
      items: [own('story/beginning'), own('story/why-not-sharding'), own('story/retelling')],
    },
    {
      type: 'category',
      label: 'The stages',
      collapsed: false,
      items: [own('stages'), ...all('stages/*/README.md')],
    },
    {
      type: 'category',
      label: 'The labs',
      collapsed: false,
      items: [own('reading-a-report'), ...all('labs/*/README.md')],
    },
    {
      type: 'category',
      label: 'Reference',
      collapsed: false,
      items: [
        own('contract'),
        own('contract-cases'),
        own('commands'),
        own('migration-playbook'),
        'ARCHITECTURE',
        own('glossary'),
        'CONTRIBUTING',
        ...all('infra/*/README.md'),
      ],
    },
    { type: 'category', label: 'Decisions', items: all('docs/docs/adr/*.md') },
  ],
} satisfies SidebarsConfig

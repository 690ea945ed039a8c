import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SidebarsConfig } from '@docusaurus/plugin-content-docs'
import { repository } from './src/plugins/repository.ts'

const repo = repository(fileURLToPath(new URL('..', import.meta.url)))

/** A page's id is its path without the extension, because the docs plugin reads the repository. */
const page = (file: string): string => file.replace(/\.md$/, '')
const docsPage = (name: string): string => `docs/docs/${name}`
/** Lists all pages that match, so that a new lab, stage or decision needs no entry here. */
const pagesIn = (pattern: string): string[] =>
  repo
    .pages()
    .filter((file) => path.matchesGlob(file, pattern))
    .map(page)

export default {
  main: [
    docsPage('index'),
    {
      type: 'category',
      label: 'Begin',
      collapsed: false,
      items: [
        docsPage('install'),
        docsPage('learn-alone'),
        docsPage('with-a-team'),
        docsPage('teach'),
      ],
    },
    {
      type: 'category',
      label: 'The story',
      collapsed: false,
      items: [
        docsPage('story/beginning'),
        docsPage('story/why-not-sharding'),
        docsPage('story/retelling'),
      ],
    },
    {
      type: 'category',
      label: 'The stages',
      collapsed: false,
      items: [docsPage('stages'), ...pagesIn('stages/*/README.md')],
    },
    {
      type: 'category',
      label: 'The labs',
      collapsed: false,
      items: [docsPage('reading-a-report'), ...pagesIn('labs/*/README.md')],
    },
    {
      type: 'category',
      label: 'Reference',
      collapsed: false,
      items: [
        docsPage('contract'),
        docsPage('contract-cases'),
        docsPage('commands'),
        docsPage('migration-playbook'),
        'ARCHITECTURE',
        docsPage('glossary'),
        'CONTRIBUTING',
        ...pagesIn('infra/*/README.md'),
      ],
    },
    { type: 'category', label: 'Decisions', items: pagesIn('docs/docs/adr/*.md') },
  ],
} satisfies SidebarsConfig

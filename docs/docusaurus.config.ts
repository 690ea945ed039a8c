import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Options as DocsOptions } from '@docusaurus/plugin-content-docs'
import type * as Preset from '@docusaurus/preset-classic'
import type { Config, Plugin } from '@docusaurus/types'
import { themes } from 'prism-react-renderer'
import { commandReference } from './src/plugins/command-reference.ts'
import { contractCases } from './src/plugins/contract-cases.ts'
import { diagrams } from './src/plugins/diagrams.ts'
import { labPages, loadLabs } from './src/plugins/labs.ts'
import { linkToSource } from './src/plugins/link-to-source.ts'
import { repository } from './src/plugins/repository.ts'
import { sourcePages } from './src/plugins/source-pages.ts'
import { readableTheme } from './src/readable-theme.ts'

const repo = repository(fileURLToPath(new URL('..', import.meta.url)))
const labs = loadLabs()

const docs: DocsOptions = {
  // `include` picks the pages from the whole repository, so that a lab's README can stay beside its
  // lab and still be a page.
  path: repo.root,
  include: [...repo.include],
  exclude: ['**/node_modules/**'],
  routeBasePath: '/',
  sidebarPath: './sidebars.ts',
  numberPrefixParser: false,
  // Functions without options: Docusaurus sends the options of a plugin to every reader.
  beforeDefaultRemarkPlugins: [
    () => linkToSource({ repository: repo }),
    contractCases,
    commandReference,
    () => diagrams({ repository: repo }),
    () => labPages({ repository: repo, labs }),
  ],
}

export default {
  title: 'Threshold',
  tagline: 'One chat system, built four times, and the evidence for each time',
  favicon: 'logo.svg',
  // The chat page and the reports have the same logo and colours.
  staticDirectories: ['static', '../stages/page/src/design'],
  // The site is served on the reader's own machine, perhaps without a network. Its content does not
  // depend on the address.
  url: 'http://127.0.0.1:3010',
  baseUrl: '/',
  trailingSlash: false,
  onBrokenLinks: 'throw',
  onBrokenAnchors: 'throw',
  onDuplicateRoutes: 'throw',
  future: { faster: true, v4: true },
  storage: { namespace: 'threshold' },
  i18n: { defaultLocale: 'en', locales: ['en'] },
  markdown: {
    // Pages are plain Markdown and not MDX, because a README must also read well on a code host.
    format: 'detect',
    hooks: { onBrokenMarkdownLinks: 'throw', onBrokenMarkdownImages: 'throw' },
    async parseFrontMatter(params) {
      const parsed = await params.defaultParseFrontMatter(params)
      const file = path.relative(repo.root, params.filePath).split(path.sep).join('/')
      const slug = repo.routeOf(file)
      // The home page is as wide as its recorded run.
      const frontMatter = { slug, hide_table_of_contents: slug === '/', ...parsed.frontMatter }
      return { ...parsed, frontMatter }
    },
  },
  presets: [
    [
      'classic',
      {
        docs,
        blog: false,
        pages: false,
        theme: {
          customCss: [
            './src/css/custom.css',
            './src/css/player.css',
            // The player shows the first picture of a report.
            '../labs/kit/src/report/claim.css',
          ],
        },
      } satisfies Preset.Options,
    ],
  ],
  plugins: [() => sourcePages({ repository: repo, labs }) as Plugin],
  themes: [
    [
      '@easyops-cn/docusaurus-search-local',
      {
        docsRouteBasePath: '/',
        docsDir: repo.root,
        indexBlog: false,
        hashed: true,
        searchBarShortcutHint: true,
        explicitSearchResultPath: true,
        // Some commands are stop words, such as `why`.
        removeDefaultStopWordFilter: ['en'],
        // A misspelled word is found, but after the exact ones.
        fuzzyMatchingDistance: 1,
      },
    ],
  ],
  themeConfig: {
    colorMode: { respectPrefersColorScheme: true },
    docs: { sidebar: { hideable: true } },
    navbar: {
      title: 'Threshold',
      logo: { alt: '', src: 'logo.svg' },
      items: [
        { type: 'docSidebar', sidebarId: 'main', label: 'Learn', position: 'left' },
        { to: '/contract', label: 'Contract', position: 'left' },
        { to: '/glossary', label: 'Glossary', position: 'left' },
      ],
    },
    footer: {
      copyright:
        'Threshold, Apache-2.0. Not affiliated with Discord Inc.; a retelling of what its engineers have published.',
    },
    prism: {
      theme: readableTheme(themes.oneLight, 'hsl(151, 28%, 34%)'),
      darkTheme: readableTheme(themes.oneDark, 'hsl(147, 31%, 66%)'),
      additionalLanguages: ['bash', 'json', 'rust'],
    },
  } satisfies Preset.ThemeConfig,
} satisfies Config

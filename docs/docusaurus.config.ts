import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Options as DocsOptions } from '@docusaurus/plugin-content-docs'
import type * as Preset from '@docusaurus/preset-classic'
import type { Config, Plugin } from '@docusaurus/types'
import { type PrismTheme, themes } from 'prism-react-renderer'
import { contractCases } from './src/plugins/contract-cases.ts'
import { linkToSource } from './src/plugins/link-to-source.ts'
import { repository } from './src/plugins/repository.ts'
import { sourcePages } from './src/plugins/source-pages.ts'

const repo = repository(fileURLToPath(new URL('..', import.meta.url)))

/** Makes comments readable. They explain the code, and the themes almost hide them. */
const withComments = (theme: PrismTheme, color: string): PrismTheme => ({
  ...theme,
  styles: [...theme.styles, { types: ['comment'], style: { color, fontStyle: 'normal' } }],
})

const docs: DocsOptions = {
  // `include` picks the pages from the whole repository, so that a lab's README can stay beside its
  // lab and still be a page.
  path: repo.root,
  include: [...repo.include],
  exclude: ['**/node_modules/**'],
  routeBasePath: '/',
  sidebarPath: './sidebars.ts',
  numberPrefixParser: false,
  beforeDefaultRemarkPlugins: [[linkToSource, { repository: repo }], contractCases],
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
    mermaid: true,
    hooks: { onBrokenMarkdownLinks: 'throw', onBrokenMarkdownImages: 'throw' },
    async parseFrontMatter(params) {
      const parsed = await params.defaultParseFrontMatter(params)
      const file = path.relative(repo.root, params.filePath).split(path.sep).join('/')
      return { ...parsed, frontMatter: { slug: repo.routeOf(file), ...parsed.frontMatter } }
    },
  },
  presets: [
    [
      'classic',
      {
        docs,
        blog: false,
        pages: false,
        theme: { customCss: './src/css/custom.css' },
      } satisfies Preset.Options,
    ],
  ],
  plugins: [() => sourcePages({ repository: repo }) as Plugin],
  themes: [
    '@docusaurus/theme-mermaid',
    [
      '@easyops-cn/docusaurus-search-local',
      {
        docsRouteBasePath: '/',
        docsDir: repo.root,
        indexBlog: false,
        hashed: true,
        searchBarShortcutHint: true,
        explicitSearchResultPath: true,
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
      theme: withComments(themes.oneLight, '#3f6f57'),
      darkTheme: withComments(themes.oneDark, '#8cc3a5'),
      additionalLanguages: ['bash', 'json', 'rust'],
    },
    mermaid: { theme: { light: 'neutral', dark: 'dark' } },
  } satisfies Preset.ThemeConfig,
} satisfies Config

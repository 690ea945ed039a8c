import type { Report } from './schema.ts'
export const renderReport = (report: Report, _previous?: Report): string => `<pre>${JSON.stringify(report)}</pre>`

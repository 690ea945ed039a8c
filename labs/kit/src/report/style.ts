/** Colours for light and dark mode, as the reader's system prefers. */
export const COLORS = `:root { color-scheme: light dark;
  --page: #f6f7f9; --surface: #ffffff; --ink: #17191f; --muted: #5d6473; --line: #d9dde5; --accent: #3056d3;
  --good: #157347; --good-bg: #e3f4ea; --bad: #c02637; --bad-bg: #fbe6e8; --warn: #8a5a00; --warn-bg: #fbf0d9; --none: #4d5566; --none-bg: #e8ebf1;
  --c1: #3056d3; --c2: #d9730d; --c3: #0f8f83; --c4: #9a3ec2; --c5: #7a6a00; --c6: #5d6473; }
@media (prefers-color-scheme: dark) { :root {
  --page: #12141a; --surface: #1a1d25; --ink: #eceef3; --muted: #a4abba; --line: #343a48; --accent: #8ea8ff;
  --good: #5fd39a; --good-bg: #12301f; --bad: #ff8a94; --bad-bg: #3b161b; --warn: #f0c36a; --warn-bg: #35280c; --none: #b7bece; --none-bg: #272c38;
  --c1: #8ea8ff; --c2: #ffb066; --c3: #4fd1c2; --c4: #d79bff; --c5: #dccb55; --c6: #a4abba; } }`

/** The style sheet of the page. Print is always light. */
export const STYLE = `${COLORS}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 18px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 28px 80px; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 6px 0 18px; letter-spacing: -0.015em; text-wrap: balance; }
h2 { font-size: 1.35rem; margin: 0 0 14px; letter-spacing: -0.01em; }
h3 { font-size: 1.05rem; margin: 26px 0 6px; }
p { margin: 0 0 12px; max-width: 74ch; }
a { color: var(--accent); }
code { font: 0.9em ui-monospace, 'SF Mono', Menlo, Consolas, monospace; background: var(--none-bg); padding: 2px 6px; border-radius: 5px; overflow-wrap: anywhere; }
section, header.top { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 26px 30px; margin: 0 0 22px; }
.eyebrow { color: var(--muted); font-size: 0.9rem; margin: 0; }
.verdict { display: flex; flex-wrap: wrap; gap: 10px 22px; align-items: center; border-radius: 12px; padding: 16px 20px; margin: 22px 0 0; }
.verdict b { font-size: 1.55rem; line-height: 1.2; } .verdict span { flex: 1 1 320px; }
.supported { background: var(--good-bg); } .supported b { color: var(--good); }
.refuted { background: var(--bad-bg); } .refuted b { color: var(--bad); }
.inconclusive { background: var(--warn-bg); } .inconclusive b { color: var(--warn); }
.could-not-run { background: var(--none-bg); } .could-not-run b { color: var(--none); }
.control { background: var(--warn-bg); border-radius: 10px; padding: 10px 16px; margin: 0 0 14px; }
dl { display: grid; grid-template-columns: minmax(120px, max-content) 1fr; gap: 8px 22px; margin: 0; } dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--muted); font-weight: 600; font-size: 0.9rem; } th, td { padding: 9px 14px 9px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
.yes { color: var(--good); font-weight: 700; } .no { color: var(--bad); font-weight: 700; } .unknown { color: var(--none); font-weight: 700; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 16px; margin: 24px 0 8px; }
.tiles div { color: var(--muted); font-size: 0.92rem; line-height: 1.3; } .tiles b { display: block; color: var(--ink); font-size: 1.9rem; line-height: 1.15; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; } .tiles b.no { color: var(--bad); }
.dot { color: var(--muted); } .expectations td { padding-top: 7px; padding-bottom: 7px; }
figure { margin: 0; } figure + h3 { margin-top: 34px; } figure svg { display: block; width: 100%; height: auto; font-family: inherit; }
figcaption { color: var(--muted); font-size: 0.92rem; margin: 8px 0 0; max-width: 84ch; } figcaption .label { display: block; margin-top: 4px; }
.label::before { content: 'Measured on '; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; list-style: none; margin: 4px 0 8px; padding: 0; font-size: 0.95rem; } .legend li { display: flex; align-items: center; gap: 8px; }
.legend i { width: 22px; border-top: 3px solid; } .legend .bar { height: 13px; border: 0; border-radius: 3px; background: currentColor; } .legend .dashed { border-top-style: dashed; } .legend .dotted { border-top-style: dotted; }
.narrow { display: none; } .reasons { margin: 0; padding-left: 1.2em; } .reasons li { margin: 0 0 6px; overflow-wrap: anywhere; white-space: pre-line; }
details { margin: 16px 0 0; } summary { cursor: pointer; color: var(--accent); }
@media (max-width: 680px) { .tiles { grid-template-columns: repeat(3, 1fr); gap: 12px; } .tiles b { font-size: 1.4rem; }
  body { font-size: 16px; } main { padding: 14px 12px 48px; } h1 { font-size: 1.5rem; } section, header.top { padding: 18px 16px; border-radius: 12px; margin-bottom: 14px; }
  .wide { display: none; } .narrow { display: block; } dl { grid-template-columns: 1fr; gap: 2px; } dd { margin: 0 0 10px; } th, td { padding-right: 10px; } .verdict { padding: 14px 16px; } }
@media print { :root { color-scheme: light; } body { background: none; font-size: 11pt; } section, header.top { break-inside: avoid; border: 0; padding: 0 0 14pt; } }
`
